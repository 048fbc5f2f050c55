import { readFile } from 'node:fs/promises';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { bytesOfBlob } from '../../offscreen/checkpoint/model-bytes.ts';
import { readTable } from '../../offscreen/checkpoint/safetensors.ts';
import { openFolder } from './node-graphs.ts';

/** How `golden.json` refers to a tensor of `golden.safetensors`, and how closely it is to be met. */
export interface GoldenTensor {
  readonly tensor: string;
  readonly dtype: 'F32' | 'I64';
  /** Shape of what is stored. */
  readonly shape: readonly number[];
  /** Largest absolute difference that an implementation in float32 may have. */
  readonly atol?: number;
  /** The whole shape, where only the leading part of the last axis is stored; the rest is `pad_value`. */
  readonly pad_to?: readonly number[];
  readonly pad_value?: number;
  /** Positions of axis 1 that are stored, e.g. `positions 0..159 of 1500`. */
  readonly slice?: string;
  /** Says that only positions whose mask is 1 count. */
  readonly compare?: string;
}

export interface GoldenCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, GoldenTensor>>;
  readonly outputs: Readonly<Record<string, GoldenTensor>>;
  readonly note?: string;
}

/** A reference model with its golden outputs: a folder, or the name of one in `test/fixtures/models`. */
export async function openGolden(name: string) {
  const folder = name.includes('/') ? name : `test/fixtures/models/${name}`;
  const json = async (file: string) => JSON.parse(await readFile(`${folder}/${file}`, 'utf8'));
  const [golden, config] = [await json('golden.json'), await json('config.json')];
  const file = bytesOfBlob(new Blob([await readFile(`${folder}/golden.safetensors`)]));
  const { dataStart, tensors } = await readTable(file);
  const bytes = async (tensor: string, dtype: string): Promise<ArrayBuffer> => {
    const info = tensors.get(tensor);
    if (info?.dtype !== dtype) throw new Error(`${tensor} is no ${dtype} tensor.`);
    return (await file.read(dataStart + info.begin, dataStart + info.end)).buffer;
  };
  const floats = async (ref: GoldenTensor | undefined) =>
    padded(new Float32Array(await bytes(given(ref).tensor, 'F32')), given(ref));
  const integers = async (ref: GoldenTensor | undefined) => new BigInt64Array(await bytes(given(ref).tensor, 'I64'));

  return {
    folder,
    golden,
    config,
    forward: golden.forward as readonly GoldenCase[],
    /** The forward case of this name. */
    caseOf: (name: string): GoldenCase => {
      const found = (golden.forward as readonly GoldenCase[]).find((one) => one.name === name);
      if (!found) throw new Error(`There is no case ${name}.`);
      return found;
    },
    ...(await openFolder(folder)),
    /** Values of a float tensor, padded to its whole shape. */
    floats,
    /** Values of an integer tensor. */
    ids: async (ref: GoldenTensor | undefined) => Array.from(await integers(ref), Number),
    /** A tensor to be fed to a graph, padded to its whole shape. */
    feed: async (ref: GoldenTensor | undefined): Promise<Tensor> => {
      const { dtype, shape, pad_to: dims = shape } = given(ref);
      return dtype === 'F32'
        ? new Tensor('float32', await floats(ref), dims)
        : new Tensor('int64', await integers(ref), dims);
    },
    /**
     * The largest absolute difference between an output and the golden one, at the positions that are stored and, where the
     * golden one is said to hold at masked positions only, have a 1 in `mask` (one element for each of the leading axes).
     */
    difference: async (actual: Tensor | undefined, ref: GoldenTensor, mask?: readonly number[]): Promise<number> => {
      if (ref.compare && !mask) throw new Error(`${ref.tensor} is compared under a mask.`);
      return largestDifference(positionsOf(actual, ref), await floats(ref), ref.compare ? mask : undefined);
    },
  };
}
export type GoldenModel = Awaited<ReturnType<typeof openGolden>>;

function given(ref: GoldenTensor | undefined): GoldenTensor {
  if (!ref) throw new Error('The case has no such tensor.');
  return ref;
}

/** One item of a batch, as a batch of one. */
export function itemOf({ dims, data }: Tensor, item: number): Tensor {
  const [batch = 1, ...rest] = dims;
  const size = data.length / batch;
  const [start, end] = [item * size, (item + 1) * size];
  if (data instanceof Float32Array) return new Tensor('float32', data.slice(start, end), [1, ...rest]);
  if (data instanceof BigInt64Array) return new Tensor('int64', data.slice(start, end), [1, ...rest]);
  throw new Error('Golden tensors are float32 or int64.');
}

/** Runs a graph all of whose outputs are tensors. */
export async function runGraph(
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, Tensor>>> {
  return (await session.run(feeds)) as Readonly<Record<string, Tensor>>;
}

/** The largest absolute difference of two lists; with a mask, of the stretches that have a 1 in it. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>, mask?: readonly number[]): number {
  if (a.length !== b.length) throw new Error(`${a.length} values are compared with ${b.length}.`);
  const stretch = mask ? a.length / mask.length : a.length;
  if (!Number.isInteger(stretch)) throw new Error(`A mask of ${mask?.length} does not fit ${a.length} values.`);
  let worst = 0;
  for (let i = 0; i < a.length; i += 1) {
    if (mask && mask[Math.floor(i / stretch)] !== 1) continue;
    const difference = Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    // NaN is no number below any bound, and must not be passed over.
    if (!(difference <= worst)) worst = difference;
    if (Number.isNaN(worst)) return worst;
  }
  return worst;
}

/** Numbers of a float32 output. */
export function floatsOf(value: Tensor | undefined): Float32Array {
  if (!(value?.data instanceof Float32Array)) throw new Error('That is no float32 output.');
  return value.data;
}

function padded(values: Float32Array<ArrayBuffer>, { shape, pad_to, pad_value = 0 }: GoldenTensor) {
  const [stored = 1, whole = stored] = [shape.at(-1), pad_to?.at(-1)];
  if (whole === stored) return values;
  const all = new Float32Array((values.length / stored) * whole).fill(pad_value);
  for (let row = 0; row * stored < values.length; row += 1) {
    all.set(values.subarray(row * stored, (row + 1) * stored), row * whole);
  }
  return all;
}

/** The part of an output that a golden tensor holds; checks that their shapes agree. */
const positionsOf = (actual: Tensor | undefined, expected: GoldenTensor): ArrayLike<number> =>
  storedPositions(floatsOf(actual), actual?.dims ?? [], expected);

/** The part of an output [dims] that a golden tensor holds. @throws Error for shapes that do not agree */
export function storedPositions<T extends Float32Array | readonly number[]>(
  data: T,
  dims: readonly number[],
  { tensor, shape, pad_to, slice }: GoldenTensor,
): T | number[] {
  const [, first, last] = /(\d+)\.\.(\d+)/.exec(slice ?? '') ?? [];
  const expected = [...(pad_to ?? shape)];
  const [batch = 1, positions = 1, ...rest] = dims;
  if (first !== undefined) expected[1] = positions;
  if (`${dims}` !== `${expected}`) throw new Error(`${tensor} is [${expected}], the output is [${dims}].`);
  if (first === undefined || last === undefined) return data;
  const width = rest.reduce((product, dim) => product * dim, 1);
  return Array.from({ length: batch }, (_, at) => {
    const start = at * positions;
    return Array.from(data.slice((start + Number(first)) * width, (start + Number(last) + 1) * width));
  }).flat();
}
