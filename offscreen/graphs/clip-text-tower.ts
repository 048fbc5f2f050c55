import { embedding } from './build/embedding.ts';
import { addLayerNorm, type Stream } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { add, cast, gather, mul, reshape, single, sizeOf } from './build/ops.ts';
import type { Value } from './build/value.ts';
import type { ClipTextConfig } from './clip-config.ts';
import { addEncoderLayer, CLIP_LAYER } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { causalBias, compare, rangeOf } from './masks.ts';

export interface TextTower {
  /** [batch, tokens, hidden] */
  readonly hidden: Value;
  /** The state of each text's end token, [batch, hidden]. */
  readonly pooled: Value;
}

/**
 * The text encoder of CLIP (Radford et al. 2021, arXiv:2103.00020) on the inputs `input_ids` and `attention_mask`, int64
 * [batch, tokens]: every token sees those before it, and the end token stands for the text.
 */
export function clipTextTower(g: GraphBuilder, config: ClipTextConfig, storage: Storage): TextTower {
  const ids = g.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask = causalBias(g, g.input('attention_mask', 'int64', ['batch', 'tokens']));
  const { shape } = config;
  let stream: Stream = { residual: g.part('text.embedding', () => embedTokens(g, config, ids, storage)) };
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const before = stream;
    const name = `text_model.encoder.layers.${layer}`;
    const options = { shape, name, names: CLIP_LAYER, storage: storage.linear, mask };
    stream = g.part(`text.layer.${layer}`, () => addEncoderLayer(g, before, options));
  }
  const last = stream;
  const { normed } = g.part('text.head', () => addLayerNorm(g, last, 'text_model.final_layer_norm', shape.normEpsilon));
  return { hidden: normed, pooled: rowsAt(g, normed, endPlaces(g, ids, config.endToken), shape.hidden) };
}

function embedTokens(g: GraphBuilder, config: ClipTextConfig, ids: Value, storage: Storage): Value {
  const { vocabulary, positions, shape } = config;
  const name = 'text_model.embeddings';
  const { rows } = embedding(g, `${name}.token_embedding.weight`, [vocabulary, shape.hidden], ids, storage.ends);
  g.atMost('tokens', positions);
  const table = g.param(`${name}.position_embedding.weight`, [positions, shape.hidden]);
  return add(g, rows, gather(g, table, rangeOf(g, ids, 1)));
}

/** Where each text ends: at the first of its end tokens, or at the first of its highest ids. int64 [batch] */
function endPlaces(g: GraphBuilder, ids: Value, endToken: number | undefined): Value {
  const isEnd = endToken === undefined ? ids : compare(g, 'Equal', ids, g.integers([endToken]));
  const attributes = { axis: { int: 1 }, keepdims: { int: 0 }, select_last_index: { int: 0 } };
  // Ids fit into 32 bits, which more kernels take than 64.
  const scores = cast(g, isEnd, 'int32');
  return single(g, 'ArgMax', [scores], { element: 'int64', dims: ['batch'] }, { attributes });
}

/** Row `places[i]` of item i: [batch, tokens, hidden] -> [batch, hidden]. */
function rowsAt(g: GraphBuilder, hidden: Value, places: Value, width: number): Value {
  const firsts = mul(g, rangeOf(g, hidden, 0), sizeOf(g, hidden, 1));
  const rows = gather(g, reshape(g, hidden, [-1, width]), add(g, firsts, places));
  return { ...rows, dims: ['batch', width] };
}
