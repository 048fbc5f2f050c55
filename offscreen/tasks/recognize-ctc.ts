import * as v from 'valibot';
import type { TaskOptions, TaskOutput } from '../../src/protocol/tasks/tasks.ts';
import { parseFields } from '../graphs/config-fields.ts';
import { type CtcVocabulary, decodeCtc, greedyIds } from '../processing/audio/ctc.ts';
import type { Runs } from './runs.ts';
import { type SoundInputs, soundInputsFor } from './sound-inputs.ts';
import type { TaskModel } from './task-model.ts';

const Strides = v.object({
  conv_stride: v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  pad_token_id: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
});
const Delimiter = v.object({ word_delimiter_token: v.nullish(v.string(), '|') });

/** Longer sounds are heard in pieces of so many seconds, each with as much of its surroundings on both sides. */
const PIECE_S = 20;
const CONTEXT_S = 5;

/** A piece of a sound, and which of its samples are its own. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly ownFrom: number;
  readonly ownTo: number;
}

/** Text of a sound by a model that says a character for each frame (connectionist temporal classification). */
export async function recognizeCtc(
  model: TaskModel,
  samples: (rate: number) => Float32Array,
  { returnTimestamps }: TaskOptions<'automatic-speech-recognition'>,
  runs: Runs,
): Promise<TaskOutput<'automatic-speech-recognition'>> {
  const graph = model.graph('audio');
  const inputs = soundInputsFor(model, graph);
  const { conv_stride, pad_token_id } = parseFields(Strides, model.config);
  const stride = conv_stride.reduce((product, step) => product * step, 1);
  const all = samples(inputs.rate);
  const ids: number[] = [];
  for (const piece of piecesOf(all.length, inputs, stride)) {
    const outputs = await runs.run(graph, inputs.prepare(all.subarray(piece.from, piece.to)));
    const { dims, data } = outputs.get('logits');
    const own = greedyIds(data, dims.at(-1) ?? 1);
    const last = piece.ownTo === piece.to ? own.length : (piece.ownTo - piece.from) / stride;
    ids.push(...own.subarray((piece.ownFrom - piece.from) / stride, last));
  }
  const { text, words } = decodeCtc(ids, vocabularyOf(model, pad_token_id), stride / inputs.rate);
  if (!returnTimestamps) return { text };
  return { text, chunks: words.map(({ text: word, start, end }) => ({ text: word, timestamp: [start, end] })) };
}

function vocabularyOf(model: TaskModel, blankId: number): CtcVocabulary {
  const { word_delimiter_token: delimiter } = parseFields(
    Delimiter,
    model.file('tokenizer_config.json') ?? {},
    'tokenizer_config.json',
  );
  const tokenizer = model.words();
  return { blankId, delimiter, tokenOf: tokenizer.tokenOf };
}

/** The whole, or pieces that begin and end where frames do. */
function piecesOf(samples: number, { rate }: SoundInputs, stride: number): Piece[] {
  const whole = (seconds: number) => Math.floor((seconds * rate) / stride) * stride;
  const [length, context] = [whole(PIECE_S), whole(CONTEXT_S)];
  if (samples <= length + 2 * context) return [{ from: 0, to: samples, ownFrom: 0, ownTo: samples }];
  const pieces: Piece[] = [];
  for (let ownFrom = 0; ownFrom < samples; ) {
    // What is left is not shorter than its surroundings.
    const ownTo = samples - ownFrom < length + context ? samples : ownFrom + length;
    const to = Math.min(samples, ownTo + context);
    pieces.push({ from: Math.max(0, ownFrom - context), to, ownFrom, ownTo });
    ownFrom = ownTo;
  }
  return pieces;
}
