import type { ParamReader } from '../../checkpoint/checkpoint.ts';
import { numberToFloat16 } from '../../checkpoint/float16.ts';
import { ELEMENT_SIZES, type Element, type Float } from './value.ts';

/** One weight that a recipe makes. */
export interface RecipeOutput {
  readonly element: Element;
  readonly dims: readonly number[];
}

/** One weight in a file of weights. */
export interface PlannedWeight extends RecipeOutput {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Takes bytes of one output at their place. The bytes may be used again by the recipe once the call has returned. */
export type Put = (output: number, offset: number, bytes: Uint8Array) => void;

/**
 * How weights of a graph are made of parameters of a checkpoint. What comes out is known before anything is read; it is made
 * in pieces, so that no parameter has to fit into memory.
 */
export interface Recipe {
  readonly outputs: readonly RecipeOutput[];
  /** Parameters that it needs. */
  readonly reads: readonly string[];
  write(reader: ParamReader, put: Put): Promise<void>;
}

/** A parameter and the shape it must have. */
export interface ParamShape {
  readonly name: string;
  readonly dims: readonly number[];
}

/** Elements that are in memory at once. */
const PIECE_ELEMENTS = 2 ** 20;

export const countOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
export const bytesOf = ({ element, dims }: RecipeOutput): number => ELEMENT_SIZES[element] * countOf(dims);

/** Rows and columns of a parameter as readers count them. */
export function matrixOf({ dims }: ParamShape): { rows: number; columns: number } {
  const [rows = 1, ...rest] = dims;
  return { rows, columns: countOf(rest) };
}

/** Calls `each` with the rows of a parameter, a bounded number of elements at a time. */
export async function eachPiece(
  reader: ParamReader,
  param: ParamShape,
  each: (values: Float32Array<ArrayBuffer>, firstRow: number) => void,
): Promise<void> {
  const { rows, columns } = matrixOf(param);
  const step = Math.max(1, Math.floor(PIECE_ELEMENTS / Math.max(columns, 1)));
  for (let row = 0; row < rows; row += step) {
    each(await reader.rows(param.name, row, Math.min(rows, row + step)), row);
  }
}

/** Numbers as the bytes of a float type. */
export function encodeFloats(values: Float32Array<ArrayBuffer>, float: Float): Uint8Array<ArrayBuffer> {
  if (float === 'float32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i += 1) halves[i] = numberToFloat16(values[i] ?? 0);
  return new Uint8Array(halves.buffer);
}

/** Parameters as they are, one after the other along the first axis. */
export function copied(params: readonly ParamShape[], dims: readonly number[], float: Float): Recipe {
  return {
    outputs: [{ element: float, dims }],
    reads: params.map(({ name }) => name),
    async write(reader, put) {
      let start = 0;
      for (const param of params) {
        const { columns } = matrixOf(param);
        const from = start;
        await eachPiece(reader, param, (values, row) =>
          put(0, (from + row * columns) * ELEMENT_SIZES[float], encodeFloats(values, float)),
        );
        start += countOf(param.dims);
      }
    },
  };
}

/** A matrix of at most so many elements is turned over in memory and put as a whole; rows of larger ones are put in pieces. */
const WHOLE_ELEMENTS = 2 ** 22;

/** Matrices [outputs, inputs] one above the other, turned over: [inputs, all outputs]. */
export function transposed(params: readonly ParamShape[], float: Float): Recipe {
  const sizes = params.map(matrixOf);
  const inputs = sizes[0]?.columns ?? 0;
  const outputs = sizes.reduce((sum, { rows }) => sum + rows, 0);
  return {
    outputs: [{ element: float, dims: [inputs, outputs] }],
    reads: params.map(({ name }) => name),
    async write(reader, put) {
      // A write to disk takes the longer the more of them there are, whatever their size.
      const whole = inputs * outputs <= WHOLE_ELEMENTS ? new Float32Array(inputs * outputs) : undefined;
      let start = 0;
      for (const param of params) {
        const from = start;
        await eachPiece(reader, param, (values, row) => {
          const rows = values.length / inputs;
          if (whole) return turnOver(values, { rows, columns: inputs }, whole.subarray(from + row), outputs);
          const line = new Float32Array(rows);
          for (let column = 0; column < inputs; column += 1) {
            for (let i = 0; i < rows; i += 1) line[i] = values[i * inputs + column] ?? 0;
            put(0, (column * outputs + from + row) * ELEMENT_SIZES[float], encodeFloats(line, float));
          }
        });
        start += matrixOf(param).rows;
      }
      if (whole) put(0, 0, encodeFloats(whole, float));
    },
  };
}

/** Side of the squares that are turned over at once, so that both matrices stay in the processor's cache. */
const SQUARE = 32;

/** `values` [rows, columns] turned over into the first `rows` columns of `target`, whose rows are `stride` long. */
function turnOver(
  values: Float32Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  target: Float32Array,
  stride: number,
): void {
  for (let top = 0; top < rows; top += SQUARE) {
    const bottom = Math.min(rows, top + SQUARE);
    for (let left = 0; left < columns; left += SQUARE) {
      const right = Math.min(columns, left + SQUARE);
      for (let column = left; column < right; column += 1) {
        for (let row = top; row < bottom; row += 1) target[column * stride + row] = values[row * columns + column] ?? 0;
      }
    }
  }
}

/** Numbers that follow from the config alone; `fill` is called when they are wanted. */
export function computed(dims: readonly number[], float: Float, fill: () => Float32Array<ArrayBuffer>): Recipe {
  return {
    outputs: [{ element: float, dims }],
    reads: [],
    async write(_reader, put) {
      put(0, 0, encodeFloats(fill(), float));
    },
  };
}

/** A weight that is worked out of whole parameters, which are small. */
export function derived(
  params: readonly ParamShape[],
  dims: readonly number[],
  float: Float,
  work: (...values: Float32Array<ArrayBuffer>[]) => Float32Array<ArrayBuffer>,
): Recipe {
  return {
    outputs: [{ element: float, dims }],
    reads: params.map(({ name }) => name),
    async write(reader, put) {
      const values = await Promise.all(params.map((param) => reader.rows(param.name, 0, matrixOf(param).rows)));
      put(0, 0, encodeFloats(work(...values), float));
    },
  };
}
