import type { GraphBuilder } from './build/graph-builder.ts';
import {
  add,
  cast,
  concat,
  div,
  gather,
  matMul,
  mul,
  reshape,
  sizeOf,
  slice,
  sub,
  transpose,
  unsqueeze,
} from './build/ops.ts';
import { computed } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';
import { compare, rangeOf } from './masks.ts';

/**
 * Which places of a feature map see the image: of `mask`, int64 [batch, height, width], the element that each place of `maps`
 * [batch, channels, rows, columns] starts at -> int64 [batch, rows, columns].
 */
export function maskOfMaps(g: GraphBuilder, mask: Value, maps: Value): Value {
  const places = (axis: number) => {
    // Row i of `rows` starts at i * height / rows, rounded down, in whole numbers.
    const scaled = mul(g, rangeOf(g, maps, axis), sizeOf(g, mask, axis - 1));
    return div(g, scaled, sizeOf(g, maps, axis));
  };
  return gather(g, gather(g, mask, places(2), 1), places(3), 2);
}

/** Base of the wavelengths, and the angle of a whole image. */
const TEMPERATURE = 10_000;
const TURN = 2 * Math.PI;

/** Keeps an image without any place from dividing by zero. */
const EPSILON = 1e-6;

/**
 * Positions of the places of an image (Carion et al. 2020, arXiv:2005.12872, after Vaswani et al. 2017, arXiv:1706.03762): the
 * share of its height and of its width that a place is at, as sines and cosines of angles in `width / 2` wavelengths each.
 * `mask` int64 [batch, rows, columns] -> [batch, rows * columns, width] in the graph's float type.
 */
export function sinePositions(g: GraphBuilder, mask: Value, width: number): Value {
  const seen = cast(g, mask, 'float32');
  const down = matMul(g, triangle(g, seen, 1), seen);
  const across = matMul(g, seen, transpose(g, triangle(g, seen, 2), [1, 0]));
  const half = width / 2;
  const waves = table(g, 'positions.waves', half, (i) => TURN / TEMPERATURE ** ((2 * Math.floor(i / 2)) / half));
  // A cosine is the sine a quarter of a turn on.
  const phases = table(g, 'positions.phases', half, (i) => (i % 2 === 0 ? 0 : TURN / 4));
  const epsilon = table(g, 'positions.epsilon', 1, () => EPSILON);
  const angles = (counts: Value, axis: number) => {
    const last = slice(g, counts, axis, -1, Number.MAX_SAFE_INTEGER);
    const all = add(g, { ...last, dims: counts.dims.map((dim, at) => (at === axis ? 1 : dim)) }, epsilon);
    return add(g, mul(g, unsqueeze(g, div(g, counts, all), [3]), waves), phases);
  };
  const both = sineOf(g, concat(g, [angles(down, 1), angles(across, 2)], 3));
  return cast(g, reshape(g, both, [0, -1, width]), g.float);
}

/** Factors between the terms of the Taylor series of a sine and of a cosine, in the square of the angle, to 1e-7 at 2. */
const SINE_STEPS = [6, 20, 42, 72, 110, 156];
const COSINE_STEPS = [2, 12, 30, 56, 90, 132, 182];

/**
 * Sines of angles from 0 to 5/4 of a turn, float32, by sums and products alone: the sine of a GPU may be off by 2^-11
 * (https://www.w3.org/TR/WGSL/#concrete-float-accuracy), and no runtime for GPUs knows float64. The series of a quarter of
 * the angle, which is below 2, are doubled twice: sin 2a = 2 sin a cos a, cos 2a = 1 - 2 sin^2 a.
 */
function sineOf(g: GraphBuilder, angles: Value): Value {
  const one = table(g, 'positions.one', 1, () => 1);
  const two = table(g, 'positions.two', 1, () => 2);
  const quarter = mul(
    g,
    angles,
    table(g, 'positions.quarter', 1, () => 1 / 4),
  );
  const square = mul(g, quarter, quarter);
  const series = (name: string, steps: readonly number[]) =>
    steps.reduceRight(
      (inner, step) =>
        sub(
          g,
          one,
          mul(
            g,
            mul(
              g,
              square,
              table(g, `positions.${name}.${step}`, 1, () => 1 / step),
            ),
            inner,
          ),
        ),
      one,
    );
  const sine = mul(g, quarter, series('sine', SINE_STEPS));
  const doubled = mul(g, two, mul(g, sine, series('cosine', COSINE_STEPS)));
  const cosine = sub(g, one, mul(g, two, mul(g, sine, sine)));
  return mul(g, two, mul(g, doubled, cosine));
}

/** Ones on and below the diagonal, float32 [n, n]: its product with counts is their running sum along `axis` of `a`. */
function triangle(g: GraphBuilder, a: Value, axis: number): Value {
  const places = rangeOf(g, a, axis);
  return cast(g, compare(g, 'LessOrEqual', unsqueeze(g, places, [0]), unsqueeze(g, places, [1])), 'float32');
}

function table(g: GraphBuilder, name: string, length: number, of: (i: number) => number): Value {
  const [value] = g.weights(
    computed([length], 'float32', () => Float32Array.from({ length }, (_, i) => of(i))),
    [name],
  );
  if (!value) throw new GraphError('A recipe without a weight.');
  return value;
}
