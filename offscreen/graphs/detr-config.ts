import * as v from 'valibot';
import { checkActivation, checkHeads, corrupt, Labels, parseFields, Size, unsupported } from './config-fields.ts';
import { parseResnetConfig, type ResnetConfig, timmResnet } from './resnet-config.ts';

/** The fields of DETR's `config.json` that decide the computation, with the library's defaults (DETR ResNet-50). */
const DetrFields = v.object({
  d_model: v.optional(Size, 256),
  num_queries: v.optional(Size, 100),
  num_channels: v.optional(Size, 3),
  encoder_layers: v.optional(Size, 6),
  encoder_ffn_dim: v.optional(Size, 2048),
  encoder_attention_heads: v.optional(Size, 8),
  decoder_layers: v.optional(Size, 6),
  decoder_ffn_dim: v.optional(Size, 2048),
  decoder_attention_heads: v.optional(Size, 8),
  activation_function: v.optional(v.string(), 'relu'),
  position_embedding_type: v.optional(v.string(), 'sine'),
  use_timm_backbone: v.optional(v.boolean(), true),
  backbone: v.nullish(v.string()),
  backbone_config: v.nullish(v.record(v.string(), v.unknown())),
  dilation: v.nullish(v.boolean()),
  id2label: v.optional(Labels, { 0: 'LABEL_0', 1: 'LABEL_1' }),
});
type DetrFields = v.InferOutput<typeof DetrFields>;

/** Sizes of the layers of the encoder, or of the decoder. */
export interface DetrShape {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly activation: string;
}

export interface DetrConfig {
  readonly backbone: ResnetConfig;
  readonly encoder: DetrShape;
  readonly decoder: DetrShape;
  readonly queries: number;
  /** Classes of objects, without the one that means none. */
  readonly classes: number;
}

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseDetrConfig(json: unknown): DetrConfig {
  const file = parseFields(DetrFields, json);
  const { d_model: hidden, activation_function: activation, position_embedding_type: positions } = file;
  if (positions !== 'sine') throw unsupported(`Positions ${positions.slice(0, 32)}.`);
  if (file.dilation) throw unsupported('A dilated backbone.');
  // Half of the width says where a place is from top to bottom, half from left to right.
  if (hidden % 2 !== 0) throw corrupt('config.json has a width that cannot hold positions.');
  checkActivation(activation);
  checkHeads(hidden, file.encoder_attention_heads);
  checkHeads(hidden, file.decoder_attention_heads);
  return {
    backbone: backboneOf(file),
    encoder: {
      layers: file.encoder_layers,
      hidden,
      heads: file.encoder_attention_heads,
      intermediate: file.encoder_ffn_dim,
      activation,
    },
    decoder: {
      layers: file.decoder_layers,
      hidden,
      heads: file.decoder_attention_heads,
      intermediate: file.decoder_ffn_dim,
      activation,
    },
    queries: file.num_queries,
    classes: Object.keys(file.id2label).length,
  };
}

/** A backbone that is named, or described: by the library's own config, or by timm's, which names it again. */
function backboneOf({ backbone_config: described, backbone, use_timm_backbone: timm, num_channels }: DetrFields) {
  if (described?.model_type === 'timm_backbone') return timmResnet(String(described.backbone), num_channels);
  if (described) return parseResnetConfig(described);
  return timm ? timmResnet(backbone ?? 'resnet50', num_channels) : parseResnetConfig({});
}
