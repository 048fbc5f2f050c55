import type { ParamTable } from '../../../offscreen/checkpoint/checkpoint.ts';
import {
  createGraphBuilder,
  type EmittedGraph,
  type GraphBuilder,
} from '../../../offscreen/graphs/build/graph-builder.ts';
import {
  add,
  cast,
  div,
  gather,
  mul,
  reduce,
  single,
  sub,
  transpose,
  unary,
  unsqueeze,
  where,
} from '../../../offscreen/graphs/build/ops.ts';
import type { Value } from '../../../offscreen/graphs/build/value.ts';
import { compare, rangeOf } from '../../../offscreen/graphs/masks.ts';
import type { Shapes } from '../seeded.ts';
import { plainAttention, plainLinear } from './blocks.ts';

/** Sizes of t5-small. */
export const T5_CONFIG = {
  model_type: 't5',
  architectures: ['T5ForConditionalGeneration'],
  vocab_size: 32_128,
  d_model: 512,
  d_kv: 64,
  d_ff: 2048,
  num_heads: 8,
  num_layers: 6,
  relative_attention_num_buckets: 32,
  relative_attention_max_distance: 128,
  layer_norm_epsilon: 1e-6,
  feed_forward_proj: 'relu',
};

const { d_model: HIDDEN, d_kv: HEAD, d_ff: INTERMEDIATE, num_heads: HEADS, num_layers: LAYERS } = T5_CONFIG;
const BUCKETS = T5_CONFIG.relative_attention_num_buckets;
const INNER = HEADS * HEAD;
const TABLE = 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight';

export function t5Shapes(): Shapes {
  const shapes: Record<string, readonly number[]> = {
    'shared.weight': [T5_CONFIG.vocab_size, HIDDEN],
    [TABLE]: [BUCKETS, HEADS],
    'encoder.final_layer_norm.weight': [HIDDEN],
  };
  for (let layer = 0; layer < LAYERS; layer += 1) {
    const [attention, network] = [`encoder.block.${layer}.layer.0`, `encoder.block.${layer}.layer.1`];
    for (const part of ['q', 'k', 'v']) shapes[`${attention}.SelfAttention.${part}.weight`] = [INNER, HIDDEN];
    shapes[`${attention}.SelfAttention.o.weight`] = [HIDDEN, INNER];
    shapes[`${attention}.layer_norm.weight`] = [HIDDEN];
    shapes[`${network}.DenseReluDense.wi.weight`] = [INTERMEDIATE, HIDDEN];
    shapes[`${network}.DenseReluDense.wo.weight`] = [HIDDEN, INTERMEDIATE];
    shapes[`${network}.layer_norm.weight`] = [HIDDEN];
  }
  return shapes;
}

/** T5's encoder as exporters write it: `last_hidden_state`. */
export function plainT5(params: ParamTable): EmittedGraph {
  const g = createGraphBuilder({ name: 't5-encoder-plain', params });
  const ids = g.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask = g.input('attention_mask', 'int64', ['batch', 'tokens']);
  let hidden = gather(g, g.param('shared.weight', [T5_CONFIG.vocab_size, HIDDEN]), ids);
  const left = sub(g, g.scalar(1), cast(g, unsqueeze(g, mask, [1, 2]), 'float32'));
  const bias = add(g, distanceBias(g, rangeOf(g, ids, 1)), mul(g, left, g.scalar(-3.402_823e38)));
  for (let layer = 0; layer < LAYERS; layer += 1) hidden = plainLayer(g, hidden, `encoder.block.${layer}`, bias);
  g.output(rmsNorm(g, hidden, 'encoder.final_layer_norm'), 'last_hidden_state');
  return g.finish();
}

function plainLayer(g: GraphBuilder, input: Value, name: string, bias: Value): Value {
  const attention = `${name}.layer.0.SelfAttention`;
  const normed = rmsNorm(g, input, `${name}.layer.0.layer_norm`);
  const project = (part: string) => plainLinear(g, normed, `${attention}.${part}`, [HIDDEN, INNER], false);
  const attended = plainAttention(g, [project('q'), project('k'), project('v')], {
    heads: HEADS,
    headSize: HEAD,
    divisor: 1,
    bias,
  });
  const between = add(g, input, plainLinear(g, attended, `${attention}.o`, [INNER, HIDDEN], false));
  const network = `${name}.layer.1.DenseReluDense`;
  const after = rmsNorm(g, between, `${name}.layer.1.layer_norm`);
  const up = unary(g, 'Relu', plainLinear(g, after, `${network}.wi`, [HIDDEN, INTERMEDIATE], false));
  return add(g, between, plainLinear(g, up, `${network}.wo`, [INTERMEDIATE, HIDDEN], false));
}

/** w * x / sqrt(mean(x^2) + epsilon), step by step. */
function rmsNorm(g: GraphBuilder, x: Value, name: string): Value {
  const square = single(g, 'Pow', [x, g.scalar(2)], { element: x.element, dims: x.dims });
  const mean = reduce(g, 'ReduceMean', square, -1);
  const root = unary(g, 'Sqrt', add(g, mean, g.scalar(T5_CONFIG.layer_norm_epsilon)));
  const inverse = div(g, g.scalar(1), root);
  return mul(g, g.param(`${name}.weight`, [HIDDEN]), mul(g, x, inverse));
}

/** Buckets of all distances, worked out in the graph, and what each head adds for them: [1, heads, tokens, tokens]. */
function distanceBias(g: GraphBuilder, places: Value): Value {
  const same = (op: string, x: Value, ...more: Value[]) =>
    single(g, op, [x, ...more], { element: x.element, dims: x.dims });
  const distance = sub(g, unsqueeze(g, places, [0]), unsqueeze(g, places, [1]));
  const half = BUCKETS / 2;
  const exact = half / 2;
  const after = mul(g, cast(g, compare(g, 'Greater', distance, g.integers([0], [])), 'int64'), g.integers([half], []));
  const length = same('Abs', distance);
  const isNear = single(g, 'Less', [length, g.integers([exact], [])], { element: 'bool', dims: distance.dims });
  const logarithm = unary(g, 'Log', div(g, cast(g, length, 'float32'), g.scalar(exact)));
  const share = div(g, logarithm, g.scalar(Math.log(T5_CONFIG.relative_attention_max_distance / exact)));
  const far = add(g, cast(g, mul(g, share, g.scalar(half - exact)), 'int64'), g.integers([exact], []));
  const bucket = add(g, after, where(g, isNear, length, same('Min', far, g.integers([half - 1], []))));
  return unsqueeze(g, transpose(g, gather(g, g.param(TABLE, [BUCKETS, HEADS]), bucket), [2, 0, 1]), [0]);
}
