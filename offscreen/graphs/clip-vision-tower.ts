import type { Stream } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { layerNorm } from './build/ops.ts';
import type { Value } from './build/value.ts';
import type { ClipVisionConfig } from './clip-config.ts';
import { addEncoderLayer, CLIP_LAYER } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { imageInput, type PatchNames, patchEmbedding } from './patch-embedding.ts';

/** Images of the input `pixel_values` as tokens, [batch, 1 + patches, hidden], normalized by `norm`. */
export function clipPatches(
  g: GraphBuilder,
  { patches, shape }: ClipVisionConfig,
  { prefix, norm, pixels }: { readonly prefix: string; readonly norm: string; readonly pixels?: Value },
): Value {
  const name = `${prefix}embeddings`;
  const names: PatchNames = {
    projection: `${name}.patch_embedding`,
    bias: false,
    classToken: `${name}.class_embedding`,
    classDims: [patches.hidden],
    positions: `${name}.position_embedding.weight`,
    positionsLead: [],
  };
  const tokens = patchEmbedding(g, pixels ?? imageInput(g, 'pixel_values', patches), patches, names);
  return layerNorm(g, tokens, `${prefix}${norm}`, shape.normEpsilon);
}

/**
 * The first `count` layers of the image encoder of CLIP (Radford et al. 2021, arXiv:2103.00020), after its embedding.
 * Answers the stream before each layer and after the last: `count` + 1 of them.
 */
export function clipVisionTower(
  g: GraphBuilder,
  config: ClipVisionConfig,
  { prefix, count, storage }: { readonly prefix: string; readonly count: number; readonly storage: Storage },
): readonly Stream[] {
  const embedded = g.part('vision.embedding', () => clipPatches(g, config, { prefix, norm: 'pre_layrnorm' }));
  let stream: Stream = { residual: embedded };
  const streams = [stream];
  for (let layer = 0; layer < count; layer += 1) {
    const before = stream;
    const name = `${prefix}encoder.layers.${layer}`;
    const options = { shape: config.shape, name, names: CLIP_LAYER, storage: storage.linear };
    stream = g.part(`vision.layer.${layer}`, () => addEncoderLayer(g, before, options));
    streams.push(stream);
  }
  return streams;
}
