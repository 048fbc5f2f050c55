import * as v from 'valibot';
import { checkActivation, corrupt, parseFields, Size, unsupported } from './config-fields.ts';

export interface ResnetConfig {
  readonly channels: number;
  /** Channels after the stem, and after each stage. */
  readonly stem: number;
  readonly widths: readonly number[];
  /** Layers of each stage. */
  readonly depths: readonly number[];
  readonly bottleneck: boolean;
  /** Whether the first stage halves the image too, as all others do. */
  readonly firstHalves: boolean;
  /** Whether a bottleneck halves in its first convolution instead of the one with a kernel. */
  readonly earlyHalving: boolean;
  readonly activation: string;
}

/** Fields of a config of the library's own ResNet, with its defaults (ResNet-50). */
const ResnetFields = v.object({
  model_type: v.optional(v.string(), 'resnet'),
  num_channels: v.optional(Size, 3),
  embedding_size: v.optional(Size, 64),
  hidden_sizes: v.optional(v.pipe(v.array(Size), v.minLength(1)), [256, 512, 1024, 2048]),
  depths: v.optional(v.pipe(v.array(Size), v.minLength(1)), [3, 4, 6, 3]),
  layer_type: v.optional(v.string(), 'bottleneck'),
  hidden_act: v.optional(v.string(), 'relu'),
  downsample_in_first_stage: v.optional(v.boolean(), false),
  downsample_in_bottleneck: v.optional(v.boolean(), false),
  out_features: v.nullish(v.array(v.string())),
});

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseResnetConfig(json: unknown): ResnetConfig {
  const { model_type: type } = parseFields(
    v.object({ model_type: v.optional(v.string(), 'resnet') }),
    json,
    'backbone',
  );
  if (type !== 'resnet') throw unsupported(`Backbone ${type.slice(0, 32)}.`);
  const file = parseFields(ResnetFields, json, 'backbone_config');
  const { hidden_sizes: widths, depths, layer_type: layer, out_features: wanted } = file;
  if (widths.length !== depths.length) throw corrupt('backbone_config contradicts itself about stages.');
  if (layer !== 'bottleneck' && layer !== 'basic') throw unsupported(`Layers ${layer.slice(0, 32)} of a backbone.`);
  if (wanted?.length && wanted.at(-1) !== `stage${widths.length}`)
    throw unsupported('A backbone that is not used to its end.');
  checkActivation(file.hidden_act);
  return {
    channels: file.num_channels,
    stem: file.embedding_size,
    widths,
    depths,
    bottleneck: layer === 'bottleneck',
    firstHalves: file.downsample_in_first_stage,
    earlyHalving: file.downsample_in_bottleneck,
    activation: file.hidden_act,
  };
}

const BASIC = { bottleneck: false, widths: [64, 128, 256, 512] };
const BOTTLENECK = { bottleneck: true, widths: [256, 512, 1024, 2048] };

/** The networks of He et al. 2015 (arXiv:1512.03385) by the names that the library timm has for them. */
const TIMM: Readonly<Record<string, Pick<ResnetConfig, 'bottleneck' | 'widths' | 'depths'>>> = {
  resnet18: { ...BASIC, depths: [2, 2, 2, 2] },
  resnet34: { ...BASIC, depths: [3, 4, 6, 3] },
  resnet50: { ...BOTTLENECK, depths: [3, 4, 6, 3] },
  resnet101: { ...BOTTLENECK, depths: [3, 4, 23, 3] },
  resnet152: { ...BOTTLENECK, depths: [3, 8, 36, 3] },
};

/** A backbone that a config only names. @throws WebplatError `model-unsupported` */
export function timmResnet(name: string, channels: number): ResnetConfig {
  // Names may say after a dot which weights the network was made with.
  const [architecture = ''] = name.split('.');
  const network = Object.hasOwn(TIMM, architecture) ? TIMM[architecture] : undefined;
  if (!network) throw unsupported(`Backbone ${name.slice(0, 32)}.`);
  return { ...network, channels, stem: 64, firstHalves: false, earlyHalving: false, activation: 'relu' };
}
