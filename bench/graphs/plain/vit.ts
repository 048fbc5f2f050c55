import type { ParamTable } from '../../../offscreen/checkpoint/checkpoint.ts';
import { createGraphBuilder, type EmittedGraph } from '../../../offscreen/graphs/build/graph-builder.ts';
import {
  add,
  concat,
  conv,
  expand,
  gather,
  layerNorm,
  reshape,
  sizeOf,
  transpose,
} from '../../../offscreen/graphs/build/ops.ts';
import type { Shapes } from '../seeded.ts';
import { plainLinear } from './blocks.ts';
import { type PreNormNames, plainPreNormLayer, preNormShapes } from './pre-norm.ts';

/** Sizes of vit-base-patch16-224, with its 1000 classes. */
export const VIT_CONFIG = {
  model_type: 'vit',
  architectures: ['ViTForImageClassification'],
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  hidden_act: 'gelu',
  layer_norm_eps: 1e-12,
  image_size: 224,
  patch_size: 16,
  num_channels: 3,
  qkv_bias: true,
  id2label: Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [at, `LABEL_${at}`])),
};

const HIDDEN = VIT_CONFIG.hidden_size;
const CLASSES = 1000;
const PATCH = VIT_CONFIG.patch_size;
const TOKENS = 1 + (VIT_CONFIG.image_size / PATCH) ** 2;

const NAMES: PreNormNames = {
  attentionNorm: 'layernorm_before',
  query: 'attention.attention.query',
  key: 'attention.attention.key',
  value: 'attention.attention.value',
  output: 'attention.output.dense',
  feedForwardNorm: 'layernorm_after',
  up: 'intermediate.dense',
  down: 'output.dense',
};
const SIZES = {
  hidden: HIDDEN,
  heads: VIT_CONFIG.num_attention_heads,
  intermediate: VIT_CONFIG.intermediate_size,
  epsilon: VIT_CONFIG.layer_norm_eps,
};
const layerNames = Array.from({ length: VIT_CONFIG.num_hidden_layers }, (_, at) => `vit.encoder.layer.${at}`);

export function vitShapes(): Shapes {
  return {
    'vit.embeddings.cls_token': [1, 1, HIDDEN],
    'vit.embeddings.position_embeddings': [1, TOKENS, HIDDEN],
    'vit.embeddings.patch_embeddings.projection.weight': [HIDDEN, 3, PATCH, PATCH],
    'vit.embeddings.patch_embeddings.projection.bias': [HIDDEN],
    ...Object.assign({}, ...layerNames.map((name) => preNormShapes(name, NAMES, SIZES))),
    'vit.layernorm.weight': [HIDDEN],
    'vit.layernorm.bias': [HIDDEN],
    'classifier.weight': [CLASSES, HIDDEN],
    'classifier.bias': [CLASSES],
  };
}

/** ViT with its classifier as exporters write it: `logits`. */
export function plainVit(params: ParamTable): EmittedGraph {
  const g = createGraphBuilder({ name: 'vit-plain', params });
  const side = VIT_CONFIG.image_size;
  const pixels = g.input('pixel_values', 'float32', ['batch', 3, side, side]);
  const name = 'vit.embeddings';
  const kernel = g.param(`${name}.patch_embeddings.projection.weight`, [HIDDEN, 3, PATCH, PATCH]);
  const shift = g.param(`${name}.patch_embeddings.projection.bias`, [HIDDEN]);
  const cut = conv(g, pixels, kernel, shift, { stride: [PATCH, PATCH] });
  const patches = transpose(g, reshape(g, cut, [0, HIDDEN, -1]), [0, 2, 1]);
  const shape = concat(g, [sizeOf(g, pixels, 0), g.integers([1, HIDDEN])], 0);
  const token = expand(g, g.param(`${name}.cls_token`, [1, 1, HIDDEN]), shape, ['batch', 1, HIDDEN]);
  const places = g.param(`${name}.position_embeddings`, [1, TOKENS, HIDDEN]);
  let hidden = add(g, concat(g, [token, patches], 1), places);
  for (const layer of layerNames) hidden = plainPreNormLayer(g, hidden, layer, NAMES, SIZES);
  const normed = layerNorm(g, hidden, 'vit.layernorm', VIT_CONFIG.layer_norm_eps);
  const first = gather(g, normed, g.integers([0], []), 1);
  g.output(plainLinear(g, first, 'classifier', [HIDDEN, CLASSES]), 'logits');
  return g.finish();
}
