import type { Numbers } from '../../test/support/infer-in-page.ts';

/** Token ids, or a mask of them, [1, tokens] unless said otherwise. */
export const idsOf = (values: readonly number[], dims: readonly number[] = [1, values.length]): Numbers => ({
  dtype: 'int64',
  dims,
  values,
});

export const floatsOf = (values: ArrayLike<number>, dims: readonly number[]): Numbers => ({
  dtype: 'float32',
  dims,
  values: Array.from(values),
});

/** All whole numbers below `count`. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** One item of a batch, as a batch of one. */
export function itemOf({ dtype, dims, values }: Numbers, item: number): Numbers {
  const [batch = 1, ...rest] = dims;
  const size = values.length / batch;
  return { dtype, dims: [1, ...rest], values: values.slice(item * size, (item + 1) * size) };
}

/** The first two axes as one. */
export function folded({ dtype, dims, values }: Numbers): Numbers {
  const [first = 1, second = 1, ...rest] = dims;
  return { dtype, dims: [first * second, ...rest], values };
}

/** Rows of a tensor along its last axis. */
export function rowsOf({ dims, values }: Numbers): number[][] {
  const width = dims.at(-1) ?? 1;
  return range(values.length / width).map((row) => values.slice(row * width, (row + 1) * width));
}

/** Products of every row of `a` and every row of `b`, times a factor: [rows of a, rows of b]. */
export function productsOf(a: Numbers, b: Numbers, factor: number): Numbers {
  const [left, right] = [rowsOf(a), rowsOf(b)];
  const product = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, at) => sum + value * (y[at] ?? Number.NaN), 0);
  const values = left.flatMap((x) => right.map((y) => factor * product(x, y)));
  return floatsOf(values, [left.length, right.length]);
}
