import { WebplatError } from '../../src/protocol/errors.ts';
import type { TaskOutput } from '../../src/protocol/tasks/tasks.ts';
import type { PerformEvents, PerformRequest } from '../engines/engine.ts';
import { createWhisperFeatures } from '../processing/audio/whisper-features.ts';
import { guessLanguage } from '../processing/audio/whisper-language.ts';
import { createWhisperRules } from '../processing/audio/whisper-rules.ts';
import { segmentsOf, type WhisperSegment } from '../processing/audio/whisper-segments.ts';
import { whisperText } from '../processing/audio/whisper-text.ts';
import { readWhisperTokens, type WhisperTokens, whisperPrompt } from '../processing/audio/whisper-tokens.ts';
import type { EncoderStates } from './decoder.ts';
import { type ChooseToken, decode, encode } from './encode-decode.ts';
import type { Runs } from './runs.ts';
import { argmax } from './sampling.ts';
import type { TaskModel } from './task-model.ts';

type Request = PerformRequest<'automatic-speech-recognition'>;

/** Half of what the decoder holds is for a window's own text; the other half could be that of the window before. */
const SHARE_OF_CONTEXT = 0.5;

/**
 * Text of a sound of any length by an encoder and a decoder (Radford et al. 2022, arXiv:2212.04356): one window of 30 seconds after
 * the other, each beginning where what was said before is finished.
 *
 * @throws WebplatError `invalid-request` for times of words, which the model does not tell
 */
export async function recognizeWhisper(
  model: TaskModel,
  samples: (rate: number) => Float32Array,
  { options, maxNewTokens }: Pick<Request, 'options' | 'maxNewTokens'>,
  runs: Runs,
  events: PerformEvents,
): Promise<TaskOutput<'automatic-speech-recognition'>> {
  const { returnTimestamps = false } = options;
  if (returnTimestamps === 'word') {
    throw new WebplatError('invalid-request', 'The model tells the times of passages, not of words: ask for true.', {
      field: 'options.returnTimestamps',
    });
  }
  const tokens = readWhisperTokens(model.file('generation_config.json'));
  const features = createWhisperFeatures(model.file('preprocessor_config.json'));
  const all = samples(features.rate);
  // Without times nothing would tell where a longer sound is to be cut.
  const timestamps = returnTimestamps || all.length > features.windowSamples;
  const listener = createListener(model, tokens, timestamps, { maxNewTokens, runs, events });
  const segments: WhisperSegment[] = [];
  let { language } = options;
  for (let start = 0; start < all.length; ) {
    const window = all.subarray(start, start + features.windowSamples);
    const { dims, data } = features.extract(window);
    const heard = await listener.hear({ dims, data }, { language, task: options.task });
    language = heard.language;
    const seconds = window.length / features.rate;
    const outcome = segmentsOf(heard.ids, tokens, start / features.rate, seconds);
    segments.push(...outcome.segments);
    start += Math.max(1, Math.round(outcome.advance * features.rate));
  }
  const words = model.words();
  const texts = segments.map(({ ids }) => whisperText(words, tokens, ids));
  const text = texts.join('').trim();
  if (!returnTimestamps) return { text };
  return { text, chunks: segments.map(({ start, end }, at) => ({ text: texts[at] ?? '', timestamp: [start, end] })) };
}

interface Asked {
  readonly language: string | undefined;
  readonly task: Request['options']['task'];
}

/** Hears one window after the other. */
function createListener(
  model: TaskModel,
  tokens: WhisperTokens,
  timestamps: boolean,
  { maxNewTokens, runs, events }: { maxNewTokens: number; runs: Runs; events: PerformEvents },
) {
  const decoder = model.decoder('decoder');
  const rules = createWhisperRules(tokens, timestamps);

  async function findLanguage(states: EncoderStates): Promise<string | undefined> {
    if (tokens.languages.size === 0) return undefined;
    const sequence = await decoder.open(states);
    try {
      const { logits, computeMs } = await sequence.advance([tokens.startId]);
      runs.spent(computeMs);
      const [likeliest] = guessLanguage(logits, tokens);
      return likeliest?.language;
    } finally {
      sequence.close();
    }
  }

  const choose: ChooseToken = (logits, generated) => {
    rules(logits, generated);
    const id = argmax(logits);
    if (id === tokens.endId) return undefined;
    events.onTokens(1);
    return id;
  };

  return {
    async hear(features: { dims: readonly number[]; data: Float32Array<ArrayBuffer> }, asked: Asked) {
      const input = { dtype: 'float32' as const, dims: [...features.dims], data: features.data.buffer };
      const states = await encode(model.graph('encoder'), { input_features: input }, runs.part());
      const language = asked.language ?? (await findLanguage(states));
      const { task } = asked;
      const prompt = whisperPrompt(tokens, { timestamps, ...(language && { language }), ...(task && { task }) });
      const room = Math.floor(decoder.shape.contextTokens * SHARE_OF_CONTEXT);
      const sequence = await decoder.open(states);
      try {
        const options = { maxNewTokens: Math.min(maxNewTokens, room), choose };
        return { ids: await decode(decoder, sequence, prompt, options, runs.part()), language };
      } finally {
        sequence.close();
      }
    },
  };
}
