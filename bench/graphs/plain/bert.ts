import type { ParamTable } from '../../../offscreen/checkpoint/checkpoint.ts';
import {
  createGraphBuilder,
  type EmittedGraph,
  type GraphBuilder,
} from '../../../offscreen/graphs/build/graph-builder.ts';
import {
  add,
  cast,
  gather,
  layerNorm,
  mul,
  slice,
  sub,
  unary,
  unsqueeze,
} from '../../../offscreen/graphs/build/ops.ts';
import type { Value } from '../../../offscreen/graphs/build/value.ts';
import { rangeOf } from '../../../offscreen/graphs/masks.ts';
import type { Shapes } from '../seeded.ts';
import { plainAttention, plainGelu, plainLinear } from './blocks.ts';

/** Sizes of bert-base-uncased. */
export const BERT_CONFIG = {
  model_type: 'bert',
  architectures: ['BertModel'],
  vocab_size: 30_522,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_act: 'gelu',
  layer_norm_eps: 1e-12,
};

const { hidden_size: HIDDEN, intermediate_size: INTERMEDIATE, num_hidden_layers: LAYERS } = BERT_CONFIG;
const HEADS = BERT_CONFIG.num_attention_heads;

export function bertShapes(): Shapes {
  const shapes: Record<string, readonly number[]> = {
    'embeddings.word_embeddings.weight': [BERT_CONFIG.vocab_size, HIDDEN],
    'embeddings.position_embeddings.weight': [BERT_CONFIG.max_position_embeddings, HIDDEN],
    'embeddings.token_type_embeddings.weight': [BERT_CONFIG.type_vocab_size, HIDDEN],
  };
  const linear = (name: string, outputs: number, inputs: number) => {
    shapes[`${name}.weight`] = [outputs, inputs];
    shapes[`${name}.bias`] = [outputs];
  };
  const norm = (name: string) => {
    shapes[`${name}.weight`] = [HIDDEN];
    shapes[`${name}.bias`] = [HIDDEN];
  };
  norm('embeddings.LayerNorm');
  for (let layer = 0; layer < LAYERS; layer += 1) {
    const name = `encoder.layer.${layer}`;
    for (const part of ['query', 'key', 'value']) linear(`${name}.attention.self.${part}`, HIDDEN, HIDDEN);
    linear(`${name}.attention.output.dense`, HIDDEN, HIDDEN);
    norm(`${name}.attention.output.LayerNorm`);
    linear(`${name}.intermediate.dense`, INTERMEDIATE, HIDDEN);
    linear(`${name}.output.dense`, HIDDEN, INTERMEDIATE);
    norm(`${name}.output.LayerNorm`);
  }
  linear('pooler.dense', HIDDEN, HIDDEN);
  return shapes;
}

/** BERT as exporters write it: `last_hidden_state` and `pooler_output`. */
export function plainBert(params: ParamTable): EmittedGraph {
  const g = createGraphBuilder({ name: 'bert-plain', params });
  const input = (name: string) => g.input(name, 'int64', ['batch', 'tokens']);
  const [ids, mask, types] = [input('input_ids'), input('attention_mask'), input('token_type_ids')];
  const table = (name: string, rows: number) => g.param(`embeddings.${name}_embeddings.weight`, [rows, HIDDEN]);
  const words = gather(g, table('word', BERT_CONFIG.vocab_size), ids);
  const kinds = gather(g, table('token_type', BERT_CONFIG.type_vocab_size), types);
  const places = gather(g, table('position', BERT_CONFIG.max_position_embeddings), rangeOf(g, ids, 1));
  let hidden = layerNorm(g, add(g, add(g, words, kinds), places), 'embeddings.LayerNorm', BERT_CONFIG.layer_norm_eps);
  const left = sub(g, g.scalar(1), cast(g, unsqueeze(g, mask, [1, 2]), 'float32'));
  const bias = mul(g, left, g.scalar(-3.402_823e38));
  for (let layer = 0; layer < LAYERS; layer += 1) hidden = plainLayer(g, hidden, `encoder.layer.${layer}`, bias);
  g.output(hidden, 'last_hidden_state');
  const first = gather(g, slice(g, hidden, 1, 0, 1), g.integers([0], []), 1);
  g.output(unary(g, 'Tanh', plainLinear(g, first, 'pooler.dense', [HIDDEN, HIDDEN])), 'pooler_output');
  return g.finish();
}

function plainLayer(g: GraphBuilder, input: Value, name: string, bias: Value): Value {
  const project = (part: string) => plainLinear(g, input, `${name}.attention.self.${part}`, [HIDDEN, HIDDEN]);
  const headSize = HIDDEN / HEADS;
  const attended = plainAttention(g, [project('query'), project('key'), project('value')], {
    heads: HEADS,
    headSize,
    divisor: Math.sqrt(headSize),
    bias,
  });
  const out = plainLinear(g, attended, `${name}.attention.output.dense`, [HIDDEN, HIDDEN]);
  const between = layerNorm(g, add(g, out, input), `${name}.attention.output.LayerNorm`, BERT_CONFIG.layer_norm_eps);
  const up = plainGelu(g, plainLinear(g, between, `${name}.intermediate.dense`, [HIDDEN, INTERMEDIATE]));
  const down = plainLinear(g, up, `${name}.output.dense`, [INTERMEDIATE, HIDDEN]);
  return layerNorm(g, add(g, down, between), `${name}.output.LayerNorm`, BERT_CONFIG.layer_norm_eps);
}
