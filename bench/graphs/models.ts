import type { ParamTable } from '../../offscreen/checkpoint/checkpoint.ts';
import { emitBert } from '../../offscreen/graphs/bert.ts';
import type { EmittedGraph } from '../../offscreen/graphs/build/graph-builder.ts';
import type { Storage } from '../../offscreen/graphs/graph.ts';
import { emitT5Encoder } from '../../offscreen/graphs/t5.ts';
import { emitVit } from '../../offscreen/graphs/vit.ts';
import { emitWhisperEncoder } from '../../offscreen/graphs/whisper.ts';
import { createRandom } from '../../test/support/random.ts';
import type { Feeds } from './page/messages.ts';
import { BERT_CONFIG, bertShapes, plainBert } from './plain/bert.ts';
import { plainT5, T5_CONFIG, t5Shapes } from './plain/t5.ts';
import { plainVit, VIT_CONFIG, vitShapes } from './plain/vit.ts';
import { plainWhisper, WHISPER_CONFIG, WHISPER_FRAMES, whisperShapes } from './plain/whisper.ts';
import type { Shapes } from './seeded.ts';

/** An encoder whose graph is compared with the plain one of the same weights. */
export interface ComparedModel {
  readonly name: string;
  readonly what: string;
  readonly config: unknown;
  readonly shapes: Shapes;
  emit(config: unknown, params: ParamTable, storage: Storage): EmittedGraph;
  plain(params: ParamTable): EmittedGraph;
  readonly feeds: Feeds;
  /** The output that all of them give. */
  readonly output: string;
}

const TOKENS = 128;

function tokenIds(vocabulary: number, seed: number): number[] {
  const { below } = createRandom(seed);
  return Array.from({ length: TOKENS }, () => below(vocabulary));
}

const ints = (values: readonly number[]) => ({ dtype: 'int64', dims: [1, values.length], values }) as const;

function floats(dims: readonly number[], seed: number) {
  const { next } = createRandom(seed);
  const length = dims.reduce((product, size) => product * size, 1);
  return { dtype: 'float32', dims, values: Array.from({ length }, () => 2 * next() - 1) } as const;
}

export const MODELS: readonly ComparedModel[] = [
  {
    name: 'bert',
    what: `bert-base, ${TOKENS} tokens`,
    config: BERT_CONFIG,
    shapes: bertShapes(),
    emit: emitBert,
    plain: plainBert,
    feeds: {
      input_ids: ints(tokenIds(BERT_CONFIG.vocab_size, 1)),
      attention_mask: ints(Array(TOKENS).fill(1)),
      token_type_ids: ints(Array(TOKENS).fill(0)),
    },
    output: 'last_hidden_state',
  },
  {
    name: 'vit',
    what: 'vit-base-patch16-224, one image',
    config: VIT_CONFIG,
    shapes: vitShapes(),
    emit: emitVit,
    plain: plainVit,
    feeds: { pixel_values: floats([1, 3, VIT_CONFIG.image_size, VIT_CONFIG.image_size], 2) },
    output: 'logits',
  },
  {
    name: 'whisper',
    what: 'encoder of whisper-base, 30 seconds',
    config: WHISPER_CONFIG,
    shapes: whisperShapes(),
    emit: emitWhisperEncoder,
    plain: plainWhisper,
    feeds: { input_features: floats([1, WHISPER_CONFIG.num_mel_bins, WHISPER_FRAMES], 3) },
    output: 'last_hidden_state',
  },
  {
    name: 't5',
    what: `encoder of t5-small, ${TOKENS} tokens`,
    config: T5_CONFIG,
    shapes: t5Shapes(),
    emit: emitT5Encoder,
    plain: plainT5,
    feeds: { input_ids: ints(tokenIds(T5_CONFIG.vocab_size, 4)), attention_mask: ints(Array(TOKENS).fill(1)) },
    output: 'last_hidden_state',
  },
];
