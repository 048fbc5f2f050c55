import { describe, expect, it } from 'vitest';
import { type ParamShape, transposed } from './recipe.ts';

/** Reads parameters whose elements tell where they lie: the number of the parameter, the row and the column. */
const element = (param: number, row: number, column: number): number => param * 2 ** 22 + row * 2 ** 11 + column;

function readerOf(params: readonly ParamShape[]) {
  return {
    async rows(name: string, from: number, to: number) {
      const at = params.findIndex((param) => param.name === name);
      const columns = params[at]?.dims[1] ?? 0;
      return Float32Array.from({ length: (to - from) * columns }, (_, i) =>
        element(at, from + Math.floor(i / columns), i % columns),
      );
    },
  };
}

async function turned(params: readonly ParamShape[]) {
  const recipe = transposed(params, 'float32');
  const [{ dims } = { dims: [] }] = recipe.outputs;
  const [inputs = 0, outputs = 0] = dims;
  const bytes = new Uint8Array(inputs * outputs * 4);
  let puts = 0;
  await recipe.write(readerOf(params), (_, offset, piece) => {
    puts += 1;
    bytes.set(piece, offset);
  });
  return { values: new Float32Array(bytes.buffer), inputs, outputs, puts };
}

describe('matrices one above the other, turned over', () => {
  it.each([
    ['small', [37, 5, 70], 50, 1],
    ['larger than what is turned over in memory', [1100, 1000], 2040, (3 + 2) * 2040],
  ] as const)('%s', async (_, rows, columns, expectedPuts) => {
    const params = rows.map((count, at) => ({ name: `p${at}`, dims: [count, columns] }));
    const { values, inputs, outputs, puts } = await turned(params);
    expect([inputs, outputs, puts]).toEqual([
      columns,
      rows.reduce<number>((sum, count) => sum + count, 0),
      expectedPuts,
    ]);
    let wrong = 0;
    let start = 0;
    for (const [at, count] of rows.entries()) {
      for (let row = 0; row < count; row += 1) {
        for (let column = 0; column < columns; column += 1) {
          if (values[column * outputs + start + row] !== element(at, row, column)) wrong += 1;
        }
      }
      start += count;
    }
    expect(wrong).toBe(0);
  });
});
