import { activation } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { add, conv, layerNorm, quotient, reduce, single, slice, sub, transpose, unsqueeze } from './build/ops.ts';
import { derived } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';
import { compare, rangeOf } from './masks.ts';
import type { SoundConv, Wav2Vec2Config } from './wav2vec2-config.ts';

/** That of PyTorch's norms; the config says only that of the layers. */
const NORM_EPSILON = 1e-5;

/** Features of frames, [batch, frames, channels], from samples [batch, samples]: a stack of convolutions over time. */
export function soundFeatures(g: GraphBuilder, samples: Value, config: Wav2Vec2Config, name: string): Value {
  let channels = 1;
  let sound = unsqueeze(g, samples, [1]);
  for (const [layer, one] of config.convs.entries()) {
    const param = `${name}.conv_layers.${layer}`;
    const weight = g.param(`${param}.conv.weight`, [one.channels, channels, one.kernel]);
    const bias = config.convBias ? g.param(`${param}.conv.bias`, [one.channels]) : undefined;
    const convolved = conv(g, sound, weight, bias, { stride: [one.stride] });
    const normed = normFrames(g, convolved, config, layer, `${param}.layer_norm`);
    sound = activation(g, config.convActivation, normed);
    channels = one.channels;
  }
  return { ...transpose(g, sound, [0, 2, 1]), dims: ['batch', 'frames', channels] };
}

function normFrames(g: GraphBuilder, sound: Value, { convNorm }: Wav2Vec2Config, layer: number, name: string): Value {
  if (convNorm === 'layer') {
    const frames = transpose(g, sound, [0, 2, 1]);
    return transpose(g, layerNorm(g, frames, name, NORM_EPSILON), [0, 2, 1]);
  }
  if (layer > 0) return sound;
  // A norm of groups (Wu and He 2018, arXiv:1803.08494) of one channel each.
  const channels = Number(sound.dims[1]);
  const inputs = [sound, g.param(`${name}.weight`, [channels]), g.param(`${name}.bias`, [channels])];
  const attributes = { epsilon: { float: NORM_EPSILON } };
  return single(g, 'InstanceNormalization', inputs, { element: sound.element, dims: sound.dims }, { attributes });
}

/** Which frames come from samples that `mask`, int64 [batch, samples], has a 1 for: bool [batch, frames]. */
export function frameMask(g: GraphBuilder, mask: Value, frames: Value, convs: readonly SoundConv[]): Value {
  // Windows over windows are one window: its length and stride.
  const whole = convs.reduce(
    ({ kernel, stride }, next) => ({ kernel: kernel + (next.kernel - 1) * stride, stride: stride * next.stride }),
    { kernel: 1, stride: 1 },
  );
  const samples = reduce(g, 'ReduceSum', mask, 1);
  const last = quotient(g, sub(g, samples, g.integers([whole.kernel])), whole.stride);
  return compare(g, 'LessOrEqual', unsqueeze(g, rangeOf(g, frames, 1), [0]), last);
}

/**
 * Where frames are relative to each other: a convolution in groups over many of them, [batch, frames, hidden] ->
 * [batch, frames, hidden] (Baevski et al. 2020, arXiv:2006.11477).
 */
export function framePositions(g: GraphBuilder, frames: Value, config: Wav2Vec2Config, name: string): Value {
  const { kernel, groups } = config.positions;
  const { hidden } = config.shape;
  const weight = normedWeight(g, `${name}.conv`, [hidden, hidden / groups, kernel]);
  const bias = g.param(`${name}.conv.bias`, [hidden]);
  const padding = [Math.floor(kernel / 2)];
  const wide = conv(g, transpose(g, frames, [0, 2, 1]), weight, bias, { padding, groups });
  // An even window has one place too many.
  const places = kernel % 2 === 0 ? slice(g, wide, 2, 0, -1) : wide;
  const active = activation(g, config.convActivation, places);
  return add(g, frames, transpose(g, active, [0, 2, 1]));
}

/**
 * A weight of [outputs, inputs, kernel] that is kept as directions and, for each place of the kernel, a length (Salimans and
 * Kingma 2016, arXiv:1602.07868).
 */
function normedWeight(g: GraphBuilder, name: string, dims: readonly [number, number, number]): Value {
  if (g.has(`${name}.weight`)) return g.param(`${name}.weight`, dims);
  const [, , kernel] = dims;
  const parametrized = g.has(`${name}.parametrizations.weight.original1`);
  const [length, direction] = parametrized
    ? [`${name}.parametrizations.weight.original0`, `${name}.parametrizations.weight.original1`]
    : [`${name}.weight_g`, `${name}.weight_v`];
  const params = [g.require(length, [1, 1, kernel]), g.require(direction, dims)];
  const recipe = derived(params, dims, g.float, (lengths = new Float32Array(), directions = new Float32Array()) => {
    const squares = new Float64Array(kernel);
    for (const [i, value] of directions.entries()) squares[i % kernel] = (squares[i % kernel] ?? 0) + value ** 2;
    const factors = squares.map((square, place) => (lengths[place] ?? 0) / Math.sqrt(square));
    return directions.map((value, i) => value * (factors[i % kernel] ?? 0));
  });
  const [weight] = g.weights(recipe, [`${name}.weight`]);
  if (!weight) throw new GraphError('A recipe without a weight.');
  return weight;
}
