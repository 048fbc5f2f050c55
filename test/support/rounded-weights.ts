import type { ParamReader, ParamTable } from '../../offscreen/checkpoint/checkpoint.ts';
import { roundToFloat16 } from '../../offscreen/checkpoint/float16.ts';
import type { EmittedGraph } from '../../offscreen/graphs/build/graph-builder.ts';

/** Columns that share a scale, in the order in which a matrix prefers them. */
const GROUP_SIZES = [128, 64, 32, 16];

/**
 * Reads the parameters of a checkpoint with those rounded that `graph` keeps in few bits: a float graph of them computes what
 * the quantized graph has to. Written apart from the quantizer.
 */
export function roundedWeights(
  { table, reader }: { readonly table: ParamTable; readonly reader: ParamReader },
  { parts }: EmittedGraph,
  bits: 4 | 8,
): ParamReader {
  const recipes = parts.flatMap(({ steps }) => steps.map(({ recipe }) => recipe));
  const rounded = new Set(
    recipes.filter(({ outputs }) => outputs[0]?.element === 'uint8').flatMap(({ reads }) => reads),
  );
  if (rounded.size === 0) throw new Error('The graph keeps nothing in few bits.');
  return {
    async rows(name, from, to) {
      const values = await reader.rows(name, from, to);
      if (!rounded.has(name)) return values;
      const [, columns = 0] = table.get(name)?.shape ?? [];
      const groupSize = GROUP_SIZES.find((size) => columns % size === 0);
      if (!groupSize) throw new Error(`${name} has no groups.`);
      for (let start = 0; start < values.length; start += groupSize) {
        roundGroup(values.subarray(start, start + groupSize), 2 ** bits - 1);
      }
      return values;
    },
  };
}

const { fround } = Math;

/** The nearest whole number to a float32, the even one of two. */
function nearest(value: number): number {
  const narrow = fround(value);
  const low = Math.floor(narrow);
  if (narrow - low === 0.5) return low % 2 === 0 ? low : low + 1;
  return Math.round(narrow);
}

function roundGroup(group: Float32Array, levels: number): void {
  const low = Math.min(0, ...group);
  const high = Math.max(0, ...group);
  // Weights and scales are floats, whose quotients decide in float32 between two levels.
  const scale = Math.fround(Math.max(roundToFloat16(fround(fround(high - low) / levels)), 1e-8));
  const clamp = (level: number) => Math.min(levels, Math.max(0, level));
  const zero = clamp(nearest(-low / scale));
  for (const [i, value] of group.entries()) group[i] = (clamp(nearest(value / scale) + zero) - zero) * scale;
}

/** Range of the weights of one group, in standard deviations: the expectation for 16 to 128 normal numbers is 3.5 to 5.2. */
const GROUP_RANGE = 5;
/** What products of activations, the softmax above all, make of an error at most. */
const STEEPNESS = 2;

/**
 * How far an output may move when weights are rounded, relative to its size. Rounding to a step of range / levels is an error
 * of step / sqrt(12) (Widrow 1956), which is that of a product too; errors of products one after the other are independent,
 * so that their squares add up.
 */
export const roundingBound = (bits: 4 | 8, products: number): number =>
  (STEEPNESS * Math.sqrt(products / 12) * GROUP_RANGE) / (2 ** bits - 1);

/** Values that are rounded to binary16 for each product: its weights, its inputs, its result, and the sum it goes into. */
const ROUNDINGS = 4;

/** How far an output may move when everything is computed in binary16, whose rounding is half of 2^-10 at most. */
export const halfBound = (products: number): number => STEEPNESS * Math.sqrt(ROUNDINGS * products) * 2 ** -11;
