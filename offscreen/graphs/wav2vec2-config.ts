import * as v from 'valibot';
import { shapeOf } from './clip-config.ts';
import { checkActivation, corrupt, Positive, parseFields, Size, unsupported } from './config-fields.ts';
import type { EncoderShape } from './encoder-layer.ts';

/** One convolution of the feature extractor. */
export interface SoundConv {
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
}

export interface Wav2Vec2Config {
  readonly shape: EncoderShape;
  readonly convs: readonly SoundConv[];
  readonly convBias: boolean;
  readonly convActivation: string;
  /** Every channel of the first convolution is normalized over time, or every frame after each over its channels. */
  readonly convNorm: 'group' | 'layer';
  /** The convolution that tells frames where they are. */
  readonly positions: { readonly kernel: number; readonly groups: number };
  /** Whether layers normalize before they compute. */
  readonly stable: boolean;
  /** Classes of a frame, of which one is blank; undefined where the model has no such head. */
  readonly vocabulary: number | undefined;
}

const Sizes = v.pipe(v.array(Size), v.minLength(1), v.maxLength(32));

const Wav2Vec2Fields = v.object({
  vocab_size: v.optional(Size, 32),
  hidden_size: Size,
  intermediate_size: Size,
  num_hidden_layers: Size,
  num_attention_heads: Size,
  hidden_act: v.optional(v.string(), 'gelu'),
  layer_norm_eps: v.optional(Positive, 1e-5),
  feat_extract_norm: v.optional(v.string(), 'group'),
  feat_extract_activation: v.optional(v.string(), 'gelu'),
  conv_dim: Sizes,
  conv_kernel: Sizes,
  conv_stride: Sizes,
  conv_bias: v.optional(v.boolean(), false),
  num_conv_pos_embeddings: v.optional(Size, 128),
  num_conv_pos_embedding_groups: v.optional(Size, 16),
  do_stable_layer_norm: v.optional(v.boolean(), false),
  add_adapter: v.optional(v.boolean(), false),
  adapter_attn_dim: v.nullish(v.unknown()),
  architectures: v.nullish(v.array(v.string())),
});

/** Whether a checkpoint of this kind has a head that graphs compute. */
const HEADS: Readonly<Record<string, boolean>> = {
  Wav2Vec2ForCTC: true,
  Wav2Vec2Model: false,
  Wav2Vec2ForPreTraining: false,
};

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseWav2Vec2Config(json: unknown): Wav2Vec2Config {
  const file = parseFields(Wav2Vec2Fields, json);
  const architecture = file.architectures?.[0] ?? 'Wav2Vec2Model';
  const head = Object.hasOwn(HEADS, architecture) ? HEADS[architecture] : undefined;
  if (head === undefined) throw unsupported(`Architecture ${architecture}.`);
  if (file.add_adapter || (file.adapter_attn_dim ?? null) !== null) throw unsupported('Adapters.');
  const norm = file.feat_extract_norm;
  if (norm !== 'group' && norm !== 'layer') throw unsupported(`Norm ${norm} of the feature extractor.`);
  checkActivation(file.feat_extract_activation);
  const groups = file.num_conv_pos_embedding_groups;
  if (file.hidden_size % groups !== 0) throw corrupt('config.json contradicts itself about groups.');
  return {
    shape: shapeOf(file),
    convs: convsOf(file),
    convBias: file.conv_bias,
    convActivation: file.feat_extract_activation,
    convNorm: norm,
    positions: { kernel: file.num_conv_pos_embeddings, groups },
    stable: file.do_stable_layer_norm,
    vocabulary: head ? file.vocab_size : undefined,
  };
}

function convsOf(file: v.InferOutput<typeof Wav2Vec2Fields>): SoundConv[] {
  const { conv_dim, conv_kernel, conv_stride } = file;
  return conv_dim.map((channels, at) => {
    const [kernel, stride] = [conv_kernel[at], conv_stride[at]];
    const agree = conv_kernel.length === conv_dim.length && conv_stride.length === conv_dim.length;
    if (!agree || !kernel || !stride) throw corrupt('config.json contradicts itself about convolutions.');
    return { channels, kernel, stride };
  });
}
