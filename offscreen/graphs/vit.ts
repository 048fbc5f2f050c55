import * as v from 'valibot';
import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { addLayerNorm, type Stream } from './build/fused.ts';
import { createGraphBuilder, type EmittedGraph, type GraphBuilder } from './build/graph-builder.ts';
import { cast, gather, unary } from './build/ops.ts';
import type { Value } from './build/value.ts';
import { shapeOf } from './clip-config.ts';
import { Labels, Positive, parseFields, Size, unsupported } from './config-fields.ts';
import { addEncoderLayer, type EncoderShape, type LayerNames, oneLinear } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { type Extent, imageInput, type Patches, patchEmbedding } from './patch-embedding.ts';

const Side = v.union([Size, v.tuple([Size, Size])]);

/** The fields of ViT's `config.json` that decide the computation, with the library's defaults (ViT-B/16). */
const VitFields = v.object({
  hidden_size: v.optional(Size, 768),
  num_hidden_layers: v.optional(Size, 12),
  num_attention_heads: v.optional(Size, 12),
  intermediate_size: v.optional(Size, 3072),
  hidden_act: v.optional(v.string(), 'gelu'),
  layer_norm_eps: v.optional(Positive, 1e-12),
  image_size: v.optional(Side, 224),
  patch_size: v.optional(Side, 16),
  num_channels: v.optional(Size, 3),
  qkv_bias: v.optional(v.boolean(), true),
  id2label: v.optional(Labels, { 0: 'LABEL_0', 1: 'LABEL_1' }),
  pooler_output_size: v.nullish(Size),
  pooler_act: v.optional(v.string(), 'tanh'),
});
type VitFields = v.InferOutput<typeof VitFields>;

const LAYER: LayerNames = {
  attentionNorm: 'layernorm_before',
  query: 'attention.attention.query',
  key: 'attention.attention.key',
  value: 'attention.attention.value',
  output: 'attention.output.dense',
  feedForwardNorm: 'layernorm_after',
  up: 'intermediate.dense',
  down: 'output.dense',
};

const extentOf = (side: number | [number, number]): Extent => (typeof side === 'number' ? [side, side] : side);

interface Emission {
  readonly g: GraphBuilder;
  readonly file: VitFields;
  readonly shape: EncoderShape;
  readonly storage: Storage;
  /** What comes before the names of the encoder's parameters: nothing where it was stored by itself. */
  readonly prefix: string;
}

/**
 * The vision transformer of Dosovitskiy et al. 2020 (arXiv:2010.11929). Input `pixel_values` float32 [batch, channels, height,
 * width]; outputs, all float32: `last_hidden_state` [batch, 1 + patches, hidden], `logits` [batch, classes] where the checkpoint
 * has a classifier, and `pooler_output` [batch, hidden] where it has a pooler.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitVit(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const file = parseFields(VitFields, config);
  const g = createGraphBuilder({ name: 'vit', params, storage });
  const prefix = g.has('vit.embeddings.cls_token') ? 'vit.' : '';
  const shape = { ...shapeOf(file), inputBias: file.qkv_bias };
  const emission: Emission = { g, file, shape, storage, prefix };
  let stream: Stream = { residual: g.part('embedding', () => embedImages(emission)) };
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const before = stream;
    const name = `${prefix}encoder.layer.${layer}`;
    const options = { shape, name, names: LAYER, storage: storage.linear };
    stream = g.part(`layer.${layer}`, () => addEncoderLayer(g, before, options));
  }
  g.part('head', () => addHead(emission, stream));
  return g.finish();
}

function embedImages({ g, file, prefix }: Emission): Value {
  const patches: Patches = {
    channels: file.num_channels,
    image: extentOf(file.image_size),
    patch: extentOf(file.patch_size),
    hidden: file.hidden_size,
  };
  const name = `${prefix}embeddings`;
  return patchEmbedding(g, imageInput(g, 'pixel_values', patches), patches, {
    projection: `${name}.patch_embeddings.projection`,
    bias: true,
    classToken: `${name}.cls_token`,
    classDims: [1, 1, file.hidden_size],
    positions: `${name}.position_embeddings`,
    positionsLead: [1],
  });
}

function addHead({ g, file, shape, storage, prefix }: Emission, stream: Stream): void {
  const { hidden } = shape;
  const { normed } = addLayerNorm(g, stream, `${prefix}layernorm`, shape.normEpsilon);
  const first = gather(g, normed, g.integers([0], []), 1);
  if (g.has('classifier.weight')) {
    const classes = Object.keys(file.id2label).length;
    const logits = oneLinear(g, first, 'classifier', [hidden, classes], storage.ends);
    g.output(cast(g, logits, 'float32'), 'logits');
  }
  g.output(cast(g, normed, 'float32'), 'last_hidden_state');
  const pooler = `${prefix}pooler.dense`;
  if (!g.has(`${pooler}.weight`)) return;
  if (file.pooler_act !== 'tanh') throw unsupported(`Pooler activation ${file.pooler_act}.`);
  const pooled = oneLinear(g, first, pooler, [hidden, file.pooler_output_size ?? hidden], storage.ends);
  g.output(cast(g, unary(g, 'Tanh', pooled), 'float32'), 'pooler_output');
}
