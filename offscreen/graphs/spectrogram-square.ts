import type { GraphBuilder } from './build/graph-builder.ts';
import {
  add,
  cast,
  clip,
  concat,
  div,
  gather,
  matMul,
  mul,
  reduce,
  reshape,
  single,
  sizeOf,
  squeeze,
  sub,
  transpose,
  unsqueeze,
} from './build/ops.ts';
import { computed } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';

/** PyTorch's cubic kernel (Keys 1981, doi:10.1109/TASSP.1981.1163711). */
const A = -0.75;

/** Weights of the four neighbours by powers 3, 2, 1 and 0 of the place between the second and the third. */
const CUBIC = [
  [A, A + 2, -A - 2, -A],
  [-2 * A, -A - 3, 2 * A + 3, A],
  [A, 0, -A, 0],
  [0, 1, 0, 0],
];

const constant = (g: GraphBuilder, name: string, dims: readonly number[], values: readonly number[]): Value => {
  const [value] = g.weights(
    computed(dims, 'float32', () => Float32Array.from(values)),
    [name],
  );
  if (!value) throw new GraphError('A recipe without a weight.');
  return value;
};

/** A whole number as float32 []. */
const whole = (g: GraphBuilder, value: number): Value => cast(g, g.integers([value], []), 'float32');

/**
 * Stretches `frames` [batch, frames, bins] to `length` frames, ends on ends, by cubic interpolation. One gather and one sum in
 * place of a Resize, which the GPU has for fewer cases; everything is float32.
 */
export function stretchFrames(g: GraphBuilder, frames: Value, length: number): Value {
  const bins = Number(frames.dims[2]);
  const count = cast(g, squeeze(g, sizeOf(g, frames, 1), [0]), 'float32');
  const last = sub(g, count, whole(g, 1));
  // Rounded as the reference rounds: first the factor, then each product.
  const places = constant(g, 'stretch.places', [length, 1], [...Array(length).keys()]);
  const exact = mul(g, places, div(g, last, whole(g, length - 1)));
  const first = single(g, 'Floor', [exact], { element: 'float32', dims: exact.dims });
  const between = sub(g, exact, first);
  const square = mul(g, between, between);
  const powers = concat(
    g,
    [mul(g, square, between), square, between, constant(g, 'stretch.ones', [length, 1], Array(length).fill(1))],
    1,
  );
  const weights = matMul(g, powers, constant(g, 'stretch.cubic', [4, 4], CUBIC.flat()));
  const neighbours = add(g, first, constant(g, 'stretch.neighbours', [1, 4], [-1, 0, 1, 2]));
  const inside = clip(g, neighbours, whole(g, 0), last);
  const taken = gather(g, frames, cast(g, inside, 'int32'), 1);
  const sum = reduce(g, 'ReduceSum', mul(g, taken, unsqueeze(g, weights, [2])), 2, false);
  return { ...sum, dims: ['batch', length, bins] };
}

/**
 * Folds a spectrogram [batch, side * side / bins, bins] into a square, [batch, 1, side, side]: stretches of time one above the
 * other, each with its bins from top to bottom (Chen et al. 2022, arXiv:2202.00874).
 */
export function foldSpectrogram(g: GraphBuilder, frames: Value, side: number): Value {
  const bins = Number(frames.dims[2]);
  const stretches = reshape(g, frames, [0, side / bins, side, bins]);
  return reshape(g, transpose(g, stretches, [0, 1, 3, 2]), [0, 1, side, side]);
}
