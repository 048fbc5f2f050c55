import type { InferenceSession } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import type { ParamReader, ParamTable } from '../../offscreen/checkpoint/checkpoint.ts';
import type { EmittedGraph } from '../../offscreen/graphs/build/graph-builder.ts';
import { type Storage, storageOf } from '../../offscreen/graphs/graph.ts';
import { openNodeSession } from './node-graphs.ts';
import { restoredReader } from './restored.ts';

/** Root of the mean square of the differences of two outputs, as a share of that of the second one. */
export function relativeDeviation(actual: Float32Array, reference: Float32Array): number {
  if (actual.length !== reference.length) throw new Error(`${actual.length} values, not ${reference.length}.`);
  const square = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
  const difference = actual.map((value, i) => value - (reference[i] ?? Number.NaN));
  return Math.sqrt(square(difference) / square(reference));
}

/**
 * The deviation that storage in `bits` is expected to give an output with `products` matrices one after the other: normal
 * numbers of a group span so many standard deviations; a level is the share 1 / (2^bits - 1) of that, and rounding to levels
 * errs by a level / sqrt 12, which is the relative error of a product of many such weights. Errors of products that follow each
 * other are independent, so that their squares add up.
 */
export function expectedDeviation(bits: 4 | 8, products: number, span: number = SPANS[16]): number {
  return (span / (2 ** bits - 1) / Math.sqrt(12)) * Math.sqrt(products);
}

/** Standard deviations between the smallest and the largest of so many normal numbers, on average. */
export const SPANS = { 16: 3.53, 64: 4.74 } as const;

/** A graph, and the output at which to look. */
export interface StoredGraph {
  emit(storage: Storage): EmittedGraph;
  readonly table: ParamTable;
  readonly reader: ParamReader;
  run(session: InferenceSession): Promise<Float32Array>;
  /** Matrices on the way to the output. */
  readonly products: number;
  /** What the weights of a group span; see {@link SPANS}. Groups are of 16, if left out. */
  readonly span?: number;
  /** Share of the output that these make; all of it, if left out. */
  readonly share?: number;
}

/**
 * Tests that a graph computes about the same however its weights are stored. Quantized, it computes what it computes in floats
 * with the same weights restored, and its deviation from what it should be is at most twice what is expected, and at least a
 * tenth of that. In binary16 it deviates at most as in 8 bits, which have fewer levels than a mantissa.
 */
export function itStaysClose(name: string, { emit, table, reader, run, products, span, share = 1 }: StoredGraph): void {
  const runWith = async (graph: EmittedGraph, from = reader) => run(await openNodeSession(graph, from));
  const original = () => runWith(emit(storageOf('fp32')));

  it(`${name} is computed about the same in binary16`, async () => {
    const deviation = relativeDeviation(await runWith(emit(storageOf('fp16'))), await original());
    expect(deviation).toBeGreaterThan(0);
    expect(deviation).toBeLessThan(2 * share * expectedDeviation(8, products, span));
  });

  it.each([8, 4] as const)(`${name} is computed about the same with weights in %i bits`, async (bits) => {
    const graph = emit(storageOf(bits === 8 ? 'q8' : 'q4'));
    const restored = restoredReader(graph, { table, reader }, bits);
    const [quantized, same] = [await runWith(graph), await runWith(emit(storageOf('fp32')), restored)];
    // The same products in another order; rounding in float32 is the only difference.
    expect(relativeDeviation(quantized, same)).toBeLessThan(1e-4);
    const deviation = relativeDeviation(quantized, await original());
    const expected = share * expectedDeviation(bits, products, span);
    expect(deviation).toBeGreaterThan(expected / 10);
    expect(deviation).toBeLessThan(2 * expected);
  });
}
