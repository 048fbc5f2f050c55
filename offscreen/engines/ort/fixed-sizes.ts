import type { EmittedGraph } from '../../graphs/build/graph-builder.ts';
import type { Value } from '../../graphs/build/value.ts';
import { CROSS_IO } from '../../graphs/cross-attention.ts';
import { DECODER_IO } from '../../graphs/graph.ts';

/** Sizes of a graph's named dimensions. */
export type Sizes = Readonly<Record<string, number>>;

/** Smallest size that a dimension is filled up to: below it, another size is not worth another session. */
const LEAST = 16;

/** The next power of two, so that few sessions serve all sizes; `most` where that is less. One stays one: it has its own speed. */
export function roundUp(size: number, most = Number.POSITIVE_INFINITY): number {
  if (size <= 1 || size > most) return size;
  return Math.min(most, Math.max(LEAST, 2 ** Math.ceil(Math.log2(size))));
}

type Sized = Pick<EmittedGraph, 'inputs' | 'outputs'>;

/**
 * Dimensions that may be filled up without a change of what counts: tokens that a mask leaves out, rows that are computed one by
 * one. All others have the size that is asked for. None, where an output does not tell which of its dimensions they are.
 */
export function paddedDimensions({ inputs, outputs }: Sized): ReadonlySet<string> {
  const names = new Set(inputs.map(({ name }) => name));
  const found = new Set<string>();
  if (names.has('attention_mask')) found.add('tokens');
  if (names.has(CROSS_IO.encoderMask)) found.add('encoder_tokens');
  if (names.has(DECODER_IO.logitPositions)) found.add('rows');
  // Graphs of a single input that go row by row: tables of embeddings, and keys and values of states.
  else if (inputs.length === 1 && names.has(DECODER_IO.inputIds)) found.add('new_tokens');
  else if (inputs.length === 1 && names.has(CROSS_IO.encoderStates)) found.add('encoder_tokens');
  const told = new Set(inputs.flatMap(({ dims }) => dims));
  const clear = outputs.every(({ dims }) => dims.every((dim) => typeof dim === 'number' || told.has(dim)));
  return clear ? found : new Set();
}

/** Sizes of all named dimensions, read off what is fed. */
export function sizesOf(inputs: readonly Value[], dimsOf: (name: string) => readonly number[] | undefined): Sizes {
  const sizes: Record<string, number> = {};
  for (const { name, dims } of inputs) {
    const given = dimsOf(name);
    for (const [axis, dim] of dims.entries()) {
      const size = given?.[axis];
      if (typeof dim === 'string' && size !== undefined) sizes[dim] = size;
    }
  }
  return sizes;
}

/** A list of numbers of any type that tensors have. */
export interface Numbers {
  readonly length: number;
  readonly constructor: unknown;
  set(values: never, offset: number): void;
  subarray(start: number, end: number): Numbers;
}

/**
 * `data` of a tensor of dimensions `from` as one of `to`: what is beyond `from` on an axis is zero, what is beyond `to` is gone.
 */
export function resized<T extends Numbers>(data: T, from: readonly number[], to: readonly number[]): T {
  const count = to.reduce((product, size) => product * size, 1);
  const made = new (data.constructor as new (length: number) => T)(count);
  const copy = (axis: number, source: number, target: number): void => {
    const [have = 1, want = 1] = [from[axis], to[axis]];
    const rest = (dims: readonly number[]) => dims.slice(axis + 1).reduce((product, size) => product * size, 1);
    const same = from.slice(axis + 1).every((size, i) => size === to[axis + 1 + i]);
    const both = Math.min(have, want);
    if (same) {
      made.set(data.subarray(source, source + both * rest(from)) as never, target);
      return;
    }
    for (let i = 0; i < both; i += 1) copy(axis + 1, source + i * rest(from), target + i * rest(to));
  };
  if (from.length === 0) made.set(data as never, 0);
  else copy(0, 0, 0);
  return made;
}
