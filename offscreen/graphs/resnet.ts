import { activation } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { add, conv, dimOf, single } from './build/ops.ts';
import { derived } from './build/recipe.ts';
import { windowed } from './build/shapes.ts';
import { GraphError, type Value } from './build/value.ts';
import type { ResnetConfig } from './resnet-config.ts';

/** A convolution and the batch norm after it, by the names of their parameters. */
interface ConvNorm {
  readonly conv: string;
  readonly norm: string;
}

interface ResnetNames {
  readonly stem: ConvNorm;
  /** Convolution number `at` of a layer. */
  readonly inner: (stage: number, layer: number, at: number) => ConvNorm;
  /** What the input of a layer goes through to get the shape of its output. */
  readonly shortcut: (stage: number, layer: number) => ConvNorm;
}

const libraryConv = (name: string): ConvNorm => ({ conv: `${name}.convolution`, norm: `${name}.normalization` });

/** Names of Hugging Face's own ResNet. */
function libraryNames(prefix: string): ResnetNames {
  const layerOf = (stage: number, layer: number) => `${prefix}encoder.stages.${stage}.layers.${layer}`;
  return {
    stem: libraryConv(`${prefix}embedder.embedder`),
    inner: (stage, layer, at) => libraryConv(`${layerOf(stage, layer)}.layer.${at}`),
    shortcut: (stage, layer) => libraryConv(`${layerOf(stage, layer)}.shortcut`),
  };
}

/** Names of timm's and torchvision's ResNet. */
function timmNames(prefix: string): ResnetNames {
  const layerOf = (stage: number, layer: number) => `${prefix}layer${stage + 1}.${layer}`;
  return {
    stem: { conv: `${prefix}conv1`, norm: `${prefix}bn1` },
    inner: (stage, layer, at) => ({
      conv: `${layerOf(stage, layer)}.conv${at + 1}`,
      norm: `${layerOf(stage, layer)}.bn${at + 1}`,
    }),
    shortcut: (stage, layer) => ({
      conv: `${layerOf(stage, layer)}.downsample.0`,
      norm: `${layerOf(stage, layer)}.downsample.1`,
    }),
  };
}

interface ConvShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
}

/**
 * The residual network of He et al. 2015 (arXiv:1512.03385): images [batch, channels, height, width] -> maps [batch, last width,
 * height / 32, width / 32], rounded up. Parameters have the library's names or timm's, by which the checkpoint has.
 */
export function resnet(g: GraphBuilder, pixels: Value, config: ResnetConfig, prefix: string): Value {
  const names = g.has(`${timmNames(prefix).stem.conv}.weight`) ? timmNames(prefix) : libraryNames(prefix);
  const { channels, stem, widths, depths } = config;
  const first = g.part('backbone.stem', () => {
    const shape = { inputs: channels, outputs: stem, kernel: 7, stride: 2 };
    return activation(g, config.activation, convNorm(g, pixels, names.stem, shape));
  });
  let maps = maxPool(g, first);
  for (const [stage, outputs] of widths.entries()) {
    for (let layer = 0; layer < (depths[stage] ?? 0); layer += 1) {
      const [before, inputs] = [maps, layer > 0 ? outputs : (widths[stage - 1] ?? stem)];
      const stride = layer === 0 && (stage > 0 || config.firstHalves) ? 2 : 1;
      const at = { stage, layer, inputs, outputs, stride };
      maps = g.part(`backbone.stage.${stage}`, () => addLayer(g, before, config, names, at));
    }
  }
  return maps;
}

interface LayerPlace {
  readonly stage: number;
  readonly layer: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

function addLayer(g: GraphBuilder, input: Value, config: ResnetConfig, names: ResnetNames, place: LayerPlace): Value {
  const { stage, layer, inputs, outputs, stride } = place;
  const shapes = config.bottleneck ? bottleneckOf(place, config.earlyHalving) : basicOf(place);
  let maps = input;
  for (const [at, shape] of shapes.entries()) {
    const made = convNorm(g, maps, names.inner(stage, layer, at), shape);
    maps = at < shapes.length - 1 ? activation(g, config.activation, made) : made;
  }
  const fits = inputs === outputs && stride === 1;
  const shortcut = { inputs, outputs, kernel: 1, stride };
  const kept = fits ? input : convNorm(g, input, names.shortcut(stage, layer), shortcut);
  return activation(g, config.activation, add(g, maps, kept));
}

function basicOf({ inputs, outputs, stride }: LayerPlace): readonly ConvShape[] {
  return [
    { inputs, outputs, kernel: 3, stride },
    { inputs: outputs, outputs, kernel: 3, stride: 1 },
  ];
}

/** A quarter of the channels in the middle, where the kernel is. */
function bottleneckOf({ inputs, outputs, stride }: LayerPlace, early: boolean): readonly ConvShape[] {
  const inner = Math.floor(outputs / 4);
  return [
    { inputs, outputs: inner, kernel: 1, stride: early ? stride : 1 },
    { inputs: inner, outputs: inner, kernel: 3, stride: early ? 1 : stride },
    { inputs: inner, outputs, kernel: 1, stride: 1 },
  ];
}

/** Added to variances of batch norms. */
const NORM_EPSILON = 1e-5;

/**
 * A convolution whose batch norm, being frozen, is folded into it (Ioffe and Szegedy 2015, arXiv:1502.03167): with s = gain /
 * sqrt(variance + epsilon), the kernels are multiplied by s and the bias is shift - mean * s.
 */
function convNorm(g: GraphBuilder, input: Value, { conv: name, norm }: ConvNorm, shape: ConvShape): Value {
  const { inputs, outputs, kernel, stride } = shape;
  const dims = [outputs, inputs, kernel, kernel];
  const param = (part: string) => g.require(`${norm}.${part}`, [outputs]);
  const [gain, shift, mean, variance] = [param('weight'), param('bias'), param('running_mean'), param('running_var')];
  const scaleOf = (gains: Float32Array, variances: Float32Array, at: number) =>
    (gains[at] ?? 0) / Math.sqrt((variances[at] ?? 0) + NORM_EPSILON);
  const size = inputs * kernel * kernel;
  const folded = derived(
    [g.require(`${name}.weight`, dims), gain, variance],
    dims,
    g.float,
    (kernels, gains, variances) => kernels.map((value, i) => value * scaleOf(gains, variances, Math.floor(i / size))),
  );
  const shifted = derived([gain, shift, mean, variance], [outputs], g.float, (gains, shifts, means, variances) =>
    shifts.map((value, at) => value - (means[at] ?? 0) * scaleOf(gains, variances, at)),
  );
  const [weight] = g.weights(folded, [`${name}.folded`]);
  const [bias] = g.weights(shifted, [`${name}.bias`]);
  if (!weight || !bias) throw new GraphError('A recipe without a weight.');
  const half = Math.floor(kernel / 2);
  return conv(g, input, weight, bias, { stride: [stride, stride], padding: [half, half] });
}

/** The largest of each three by three, every second of them. */
function maxPool(g: GraphBuilder, maps: Value): Value {
  const window = { kernel: 3, stride: 2, padding: 1, dilation: 1 };
  const dims = [dimOf(maps, 0), dimOf(maps, 1), windowed(dimOf(maps, 2), window), windowed(dimOf(maps, 3), window)];
  const attributes = { kernel_shape: { ints: [3, 3] }, strides: { ints: [2, 2] }, pads: { ints: [1, 1, 1, 1] } };
  return single(g, 'MaxPool', [maps], { element: maps.element, dims }, { attributes });
}
