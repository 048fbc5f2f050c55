import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import type { GoldenCase, GoldenModel } from './golden.ts';

export type Results = Readonly<Record<string, Tensor>>;

/** Runs a graph on those inputs of a golden case that it has, and on `more`. */
export async function runInputs(
  model: GoldenModel,
  session: InferenceSession,
  inputs: GoldenCase['inputs'],
  more: Readonly<Record<string, Tensor>> = {},
): Promise<Results> {
  const feeds: Record<string, Tensor> = { ...more };
  for (const [name, ref] of Object.entries(inputs)) {
    if (session.inputNames.includes(name) && !feeds[name]) feeds[name] = await model.feed(ref);
  }
  return (await session.run(feeds)) as Results;
}

/**
 * Compares every golden output that is among the results with its own tolerance. Answers the names of those compared, so that
 * tests can say that none was passed over. With GOLDEN_ERRORS in the environment, every difference is printed.
 */
export async function expectOutputs(
  { difference }: GoldenModel,
  outputs: GoldenCase['outputs'],
  results: Results,
  mask?: readonly number[],
): Promise<string[]> {
  const names = Object.keys(outputs).filter((name) => results[name]);
  for (const name of names) {
    const expected = outputs[name];
    if (!expected) continue;
    const error = await difference(results[name], expected, mask);
    if (process.env.GOLDEN_ERRORS) console.log(`${expected.tensor}: ${error.toExponential(1)} of ${expected.atol}`);
    expect(error, name).toBeLessThan(expected.atol ?? 0);
  }
  return names;
}

/** Root mean square of a difference, in units of the root mean square of `reference`. */
export function relativeError(actual: ArrayLike<number>, reference: ArrayLike<number>): number {
  expect(actual.length).toBe(reference.length);
  const squares = (of: (i: number) => number) =>
    Array.from({ length: reference.length }, (_, i) => of(i) ** 2).reduce((sum, value) => sum + value, 0);
  const at = (values: ArrayLike<number>, i: number) => values[i] ?? Number.NaN;
  return Math.sqrt(squares((i) => at(actual, i) - at(reference, i)) / squares((i) => at(reference, i)));
}
