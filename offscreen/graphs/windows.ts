import type { GraphBuilder } from './build/graph-builder.ts';
import { computed, derived, type Recipe } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';

/** Windows over a square of cells, which attention stays within (Liu et al. 2021, arXiv:2103.14030). */
export interface Windows {
  /** Cells along a side of the square, and of a window. */
  readonly side: number;
  readonly window: number;
  /** Cells by which windows are moved down and to the right; what leaves the square comes back at the other end. */
  readonly shift: number;
}

/** Added where a window holds cells of two ends of the square, which are no neighbours; as far as in the published code. */
const APART = -100;

/** Cell at each place when windows are put one after the other: [side * side]. */
export function windowOrder({ side, window, shift }: Windows): Int32Array<ArrayBuffer> {
  const across = side / window;
  return Int32Array.from({ length: side * side }, (_, place) => {
    const [at, inner] = [Math.floor(place / window ** 2), place % window ** 2];
    const row = Math.floor(at / across) * window + Math.floor(inner / window);
    const column = (at % across) * window + (inner % window);
    return ((row + shift) % side) * side + ((column + shift) % side);
  });
}

/** Place of each cell in an order. */
export function inverseOrder(order: Int32Array): Int32Array<ArrayBuffer> {
  const places = new Int32Array(order.length);
  for (const [place, cell] of order.entries()) places[cell] = place;
  return places;
}

/** Four neighbours of every second row and column, one after the other: top left, below it, to its right, below that. */
export function mergeOrder(side: number): Int32Array<ArrayBuffer> {
  const half = side / 2;
  return Int32Array.from({ length: side * side }, (_, place) => {
    const [cell, part] = [Math.floor(place / 4), place % 4];
    const [row, column] = [2 * Math.floor(cell / half) + (part % 2), 2 * (cell % half) + Math.floor(part / 2)];
    return row * side + column;
  });
}

/** Indices as a weight, int32 [length]. */
export function indexWeights(
  g: GraphBuilder,
  name: string,
  indices: () => Int32Array<ArrayBuffer>,
  length: number,
): Value {
  const recipe: Recipe = {
    outputs: [{ element: 'int32', dims: [length] }],
    reads: [],
    async write(_reader, put) {
      put(0, 0, new Uint8Array(indices().buffer));
    },
  };
  const [value] = g.weights(recipe, [name]);
  if (!value) throw new GraphError('A recipe without a weight.');
  return value;
}

/** What each head adds for the places of query and key in a window: [1, heads, cells, cells] from [distances, heads]. */
export function windowBias(g: GraphBuilder, name: string, window: number, heads: number): Value {
  const [cells, distances] = [window ** 2, 2 * window - 1];
  const recipe = derived([g.require(name, [distances ** 2, heads])], [1, heads, cells, cells], g.float, (table) =>
    Float32Array.from({ length: heads * cells ** 2 }, (_, i) => {
      const [head, query, key] = [Math.floor(i / cells ** 2), Math.floor(i / cells) % cells, i % cells];
      const down = Math.floor(query / window) - Math.floor(key / window) + window - 1;
      const right = (query % window) - (key % window) + window - 1;
      return table?.[(down * distances + right) * heads + head] ?? 0;
    }),
  );
  const [bias] = g.weights(recipe, [`${name}.windows`]);
  if (!bias) throw new GraphError('A recipe without a weight.');
  return bias;
}

/** What keeps cells apart that only moved windows bring together: [windows, 1, cells, cells]. */
export function windowMask(g: GraphBuilder, name: string, windows: Windows): Value {
  const { side, window, shift } = windows;
  const [cells, count] = [window ** 2, (side / window) ** 2];
  const fill = () => {
    // Of the moved square, the last `shift` rows come from the other end, and the rest of the last windows does not.
    const band = (at: number) => (at < side - window ? 0 : at < side - shift ? 1 : 2);
    const regions = Array.from(windowOrder({ side, window, shift: 0 }), (cell) => {
      return 3 * band(Math.floor(cell / side)) + band(cell % side);
    });
    return Float32Array.from({ length: count * cells ** 2 }, (_, i) => {
      const [at, query, key] = [Math.floor(i / cells ** 2) * cells, Math.floor(i / cells) % cells, i % cells];
      return regions[at + query] === regions[at + key] ? 0 : APART;
    });
  };
  const [mask] = g.weights(computed([count, 1, cells, cells], g.float, fill), [name]);
  if (!mask) throw new GraphError('A recipe without a weight.');
  return mask;
}
