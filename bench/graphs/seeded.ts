import type { ParamReader, ParamTable } from '../../offscreen/checkpoint/checkpoint.ts';
import { createRandom } from '../../test/support/random.ts';

/** Shapes of a checkpoint's parameters by name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** Numbers that all parameters are cut from; odd, so that rows do not repeat them in step. */
const PATTERN_LENGTH = 2 ** 20 - 1;
/** About the size of trained weights, so that activations stay in range over many layers. */
const SPREAD = 0.05;

/** A checkpoint of these shapes whose values follow from a seed; gains of norms are about 1. */
export function seededParams(
  shapes: Shapes,
  seed: number,
): { readonly table: ParamTable; readonly reader: ParamReader } {
  const { next } = createRandom(seed);
  const pattern = Float32Array.from({ length: PATTERN_LENGTH }, () => (2 * next() - 1) * SPREAD);
  const starts = new Map(Object.keys(shapes).map((name) => [name, Math.floor(next() * PATTERN_LENGTH)]));
  return {
    table: {
      get(name) {
        const shape = shapes[name];
        return shape && { dtype: 'F32', shape, file: 'model.safetensors', begin: 0, end: 0 };
      },
      names: () => Object.keys(shapes),
    },
    reader: {
      async rows(name, from, to) {
        const columns = (shapes[name] ?? []).slice(1).reduce((product, size) => product * size, 1);
        const values = new Float32Array((to - from) * columns);
        let at = ((starts.get(name) ?? 0) + from * columns) % PATTERN_LENGTH;
        for (let done = 0; done < values.length; at = 0) {
          const piece = pattern.subarray(at, at + values.length - done);
          values.set(piece, done);
          done += piece.length;
        }
        return /norm[^.]*\.weight$/i.test(name) ? values.map((value) => 1 + value) : values;
      },
    },
  };
}
