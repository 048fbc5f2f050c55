import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { type Embedded, embedding } from './build/embedding.ts';
import { addRmsNorm, type Stream } from './build/fused.ts';
import { createGraphBuilder, type EmittedGraph, type GraphBuilder } from './build/graph-builder.ts';
import { add, cast, gather, scale, single, sizeOf, squeeze, unsqueeze } from './build/ops.ts';
import type { Value } from './build/value.ts';
import { cachedHeadSize } from './cached-attention.ts';
import {
  CROSS_IO,
  newPositions,
  outputCrossKeyValue,
  pastInput,
  type StepInputs,
  stepInputs,
} from './cross-attention.ts';
import { DECODER_IO, type DecoderGraph, type Storage } from './graph.ts';
import { outputFloats } from './joint-space.ts';
import { biasOf, keyBias, rangeOf } from './masks.ts';
import { distanceTable, relativeBias } from './relative-bias.ts';
import { parseT5Config, type T5Config } from './t5-config.ts';
import { addT5DecoderLayer, addT5EncoderLayer, inputs } from './t5-layers.ts';
import { vocabularyLogits } from './tied-head.ts';

const SHARED = 'shared.weight';

/**
 * The encoder of T5 (Raffel et al. 2020, arXiv:1910.10683). Inputs `input_ids` and `attention_mask`, int64 [batch, tokens];
 * output `last_hidden_state` float32 [batch, tokens, hidden].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitT5Encoder(json: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const config = parseT5Config(json);
  const g = createGraphBuilder({ name: 't5-encoder', params, storage });
  const ids = g.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask = g.input('attention_mask', 'int64', ['batch', 'tokens']);
  let stream: Stream = { residual: g.part('embedding', () => embedTokens(g, config, 'encoder', ids, storage)).rows };
  const bias = g.part('embedding', () => {
    const places = rangeOf(g, ids, 1);
    const near = positionBias(g, config, 'encoder', { queries: places, keys: places });
    return add(g, near, unsqueeze(g, biasOf(g, cast(g, mask, 'bool')), [1, 2]));
  });
  for (let layer = 0; layer < config.layers.encoder; layer += 1) {
    const before = stream;
    const options = { config, storage, name: `encoder.block.${layer}`, bias };
    stream = g.part(`layer.${layer}`, () => addT5EncoderLayer(g, before, options));
  }
  const last = stream;
  const { normed } = g.part('head', () => addRmsNorm(g, last, 'encoder.final_layer_norm', config.normEpsilon));
  outputFloats(g, normed, 'last_hidden_state');
  return g.finish();
}

/**
 * Keys and values of the encoder's states for every layer of T5's decoder, computed once a text. Input `encoder_hidden_states`
 * float32 [batch, encoder tokens, hidden]; outputs as in {@link CROSS_IO}.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitT5Cross(json: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const config = parseT5Config(json);
  const g = createGraphBuilder({ name: 't5-cross', params, storage });
  const states = cast(
    g,
    g.input(CROSS_IO.encoderStates, 'float32', ['batch', 'encoder_tokens', config.hidden]),
    g.float,
  );
  for (let layer = 0; layer < config.layers.decoder; layer += 1) {
    const name = `decoder.block.${layer}.layer.1.EncDecAttention`;
    g.part(`layer.${layer}`, () =>
      outputCrossKeyValue(g, inputs(g, states, name, ['k', 'v'], { config, storage }), layer, config),
    );
  }
  return g.finish();
}

/**
 * The decoder of T5. Inputs and outputs as in `DECODER_IO`, for a batch of texts of one length, and {@link CROSS_IO} without the
 * states; `logits` float32 [batch * rows, vocabulary].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitT5Decoder(json: unknown, params: ParamTable, storage: Storage): DecoderGraph {
  const config = parseT5Config(json);
  const g = createGraphBuilder({ name: 't5-decoder', params, storage });
  const step = stepInputs(g);
  const mask = g.input(CROSS_IO.encoderMask, 'int64', ['batch', 'encoder_tokens']);
  const crossBias = keyBias(g, cast(g, mask, 'bool'), sizeOf(g, step.ids, 1), 'new_tokens');
  const embedded = g.part('embedding', () => embedTokens(g, config, 'decoder', step.ids, storage));
  const bias = g.part('embedding', () => positionBias(g, config, 'decoder', stepPositions(g, config, step)));
  let stream: Stream = { residual: embedded.rows };
  for (let layer = 0; layer < config.layers.decoder; layer += 1) {
    const before = stream;
    const options = { config, storage, name: `decoder.block.${layer}`, bias, layer, step, crossBias };
    stream = g.part(`layer.${layer}`, () => addT5DecoderLayer(g, before, options));
  }
  const last = stream;
  g.part('head', () => addHead(g, config, last, step, storage, embedded.table));
  const contextTokens = Math.min(config.contextTokens, storage.contextTokens ?? config.contextTokens);
  return {
    ...g.finish(),
    shape: {
      layers: config.layers.decoder,
      hidden: config.hidden,
      keyValueHeads: config.heads,
      headSize: cachedHeadSize(config.headSize),
      vocabularySize: config.vocabulary,
      contextTokens,
      // Texts on either side were of this length in training, though neither has a position that is the last.
      encoder: { states: contextTokens, hidden: config.hidden, headSize: config.headSize, masked: true },
    },
  };
}

function embedTokens(g: GraphBuilder, config: T5Config, stack: string, ids: Value, storage: Storage): Embedded {
  return embedding(g, tableName(g, stack), [config.vocabulary, config.hidden], ids, storage.ends);
}

/** The table that encoder and decoder share; some checkpoints of a part alone call it by the part's name. */
const tableName = (g: GraphBuilder, stack: string): string =>
  g.has(SHARED) || !g.has(`${stack}.embed_tokens.weight`) ? SHARED : `${stack}.embed_tokens.weight`;

/** The bias of all layers of a stack, which the first one has the parameters of. */
function positionBias(
  g: GraphBuilder,
  { heads, buckets, maxDistance }: T5Config,
  stack: 'encoder' | 'decoder',
  positions: { readonly queries: Value; readonly keys: Value },
): Value {
  const shape = { heads, buckets, maxDistance, bothWays: stack === 'encoder' };
  const table = distanceTable(g, `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`, shape);
  return relativeBias(g, table, shape, positions);
}

/** Places of the new tokens, and of all: of the whole cache, where its size is fixed. */
function stepPositions(g: GraphBuilder, { heads, headSize }: T5Config, step: StepInputs) {
  const queries = newPositions(g, step);
  if (g.standard) return { queries, keys: rangeOf(g, pastInput(g, 0, heads, cachedHeadSize(headSize)).key, 2) };
  const total = cast(g, step.totalTokens, 'int64');
  const keys = single(g, 'Range', [g.integers([0], []), squeeze(g, total, [0]), g.integers([1], [])], {
    element: 'int64',
    dims: ['total_tokens'],
  });
  return { queries, keys };
}

function addHead(
  g: GraphBuilder,
  { normEpsilon, tiedHead, vocabulary, hidden }: T5Config,
  stream: Stream,
  step: StepInputs,
  storage: Storage,
  table: Value | undefined,
): void {
  const { normed } = addRmsNorm(g, stream, 'decoder.final_layer_norm', normEpsilon);
  const wanted = gather(g, normed, step.logitPositions, 1);
  // A tied table was trained for both ends, of which this one wants numbers as small as an output layer has.
  const rows = tiedHead ? scale(g, wanted, hidden ** -0.5) : wanted;
  const name = tiedHead ? tableName(g, 'decoder') : 'lm_head.weight';
  const head = { name, vocabulary, table: tiedHead ? table : undefined };
  outputFloats(g, vocabularyLogits(g, rows, head, storage.ends), DECODER_IO.logits);
}
