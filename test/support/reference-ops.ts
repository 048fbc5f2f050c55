/** A matrix as a list of its rows; arithmetic in float64, plainly, so that graphs have something to be compared with. */
export type Rows = readonly (readonly number[])[];

/** The values of a parameter of a checkpoint. */
export type Param = (name: string) => ArrayLike<number>;

const at = (values: ArrayLike<number>, i: number): number => values[i] ?? Number.NaN;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export const addRows = (a: Rows, b: Rows): Rows => a.map((row, i) => row.map((value, j) => value + at(b[i] ?? [], j)));

export const mapRows = (a: Rows, each: (value: number) => number): Rows => a.map((row) => row.map(each));

/** Columns as rows. */
export const turned = (a: Rows): Rows => (a[0] ?? []).map((_, j) => a.map((row) => at(row, j)));

/** x W^T + b with `NAME.weight` [outputs, inputs], and `NAME.bias` if `bias`. */
export function linearRows(param: Param, name: string, input: Rows, bias = true): Rows {
  const weight = param(`${name}.weight`);
  const shift = bias ? param(`${name}.bias`) : undefined;
  return input.map((row) =>
    Array.from({ length: weight.length / row.length }, (_, out) =>
      row.reduce((total, value, i) => total + value * at(weight, out * row.length + i), shift ? at(shift, out) : 0),
    ),
  );
}

/** Each row less its mean, divided by its deviation. */
const standard = (row: readonly number[], epsilon: number): readonly number[] => {
  const mean = sum(row) / row.length;
  const deviation = Math.sqrt(sum(row.map((value) => (value - mean) ** 2)) / row.length + epsilon);
  return row.map((value) => (value - mean) / deviation);
};

export function normRows(param: Param, name: string, input: Rows, epsilon: number): Rows {
  const [gain, shift] = [param(`${name}.weight`), param(`${name}.bias`)];
  return input.map((row) => standard(row, epsilon).map((value, j) => value * at(gain, j) + at(shift, j)));
}

/** Each column normalized over the rows, with the gain and shift of the column. */
export function normColumns(param: Param, name: string, input: Rows, epsilon: number): Rows {
  const [gain, shift] = [param(`${name}.weight`), param(`${name}.bias`)];
  return turned(
    turned(input).map((column, j) => standard(column, epsilon).map((value) => value * at(gain, j) + at(shift, j))),
  );
}

/** x/2 (1 + erf(x / sqrt 2)); the error function by its series, which converges for what activations are. */
export function gelu(x: number): number {
  if (Math.abs(x) > 7) return Math.max(x, 0);
  const z = x / Math.SQRT2;
  let [term, total] = [z, z];
  for (let n = 1; Math.abs(term) > 1e-17; n += 1) {
    term *= (-z * z) / n;
    total += term / (2 * n + 1);
  }
  return (x / 2) * (1 + (2 / Math.sqrt(Math.PI)) * total);
}

/** A convolution over the rows: weight [outputs, columns / groups, kernel] -> rows of outputs. */
export function convRows(
  input: Rows,
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  {
    kernel,
    stride = 1,
    padding = 0,
    groups = 1,
  }: { kernel: number; stride?: number; padding?: number; groups?: number },
): Rows {
  const inner = (input[0]?.length ?? 0) / groups;
  const outputs = weight.length / inner / kernel;
  const length = Math.floor((input.length + 2 * padding - kernel) / stride) + 1;
  return Array.from({ length }, (_, place) =>
    Array.from({ length: outputs }, (_, out) => {
      const first = Math.floor((out * groups) / outputs) * inner;
      let total = bias ? at(bias, out) : 0;
      for (let k = 0; k < kernel; k += 1) {
        const row = input[place * stride + k - padding];
        for (let i = 0; row && i < inner; i += 1)
          total += at(row, first + i) * at(weight, (out * inner + i) * kernel + k);
      }
      return total;
    }),
  );
}

/** Softmax of products of queries and keys, times values, head by head. */
export function attendRows(query: Rows, key: Rows, value: Rows, heads: number): Rows {
  const size = (query[0]?.length ?? 0) / heads;
  return query.map((row) =>
    Array.from({ length: heads }, (_, head) => {
      const part = (from: readonly number[]) => from.slice(head * size, (head + 1) * size);
      const mine = part(row);
      const scores = key.map((other) => sum(part(other).map((x, i) => x * at(mine, i))) / Math.sqrt(size));
      const weights = scores.map((score) => Math.exp(score - Math.max(...scores)));
      const total = sum(weights);
      return Array.from({ length: size }, (_, i) =>
        sum(weights.map((weight, place) => (weight / total) * at(value[place] ?? [], head * size + i))),
      );
    }).flat(),
  );
}
