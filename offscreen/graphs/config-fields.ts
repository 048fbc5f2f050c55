import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import { isActivation } from './build/fused.ts';

/** A count or length in a config. */
export const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(2 ** 24));

/** A number above 0 in a config. */
export const Positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** `id2label` of a config: one entry for each class. */
export const Labels = v.record(v.string(), v.string());

/** The error of a model that is not computed, in a few words why. */
export const unsupported = (reason: string): WebplatError =>
  new WebplatError('model-unsupported', undefined, { reason: reason.slice(0, 128) });

/** The error of a model whose files are damaged or contradict each other. */
export const corrupt = (reason: string): WebplatError =>
  new WebplatError('model-corrupt', undefined, { reason: reason.slice(0, 128) });

/**
 * Fields of a config, or of a config inside another one that is called `name`.
 *
 * @throws WebplatError `model-corrupt`
 */
export function parseFields<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
  name = 'config.json',
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  const at = v.getDotPath(parsed.issues[0]);
  throw corrupt(`${name} is not valid${at ? ` at ${at.slice(0, 64)}` : ''}.`);
}

/** @throws WebplatError `model-unsupported` unless graphs can compute the activation. */
export function checkActivation(name: string): void {
  if (!isActivation(name)) throw unsupported(`Activation ${name.slice(0, 32)}.`);
}

/** @throws WebplatError `model-corrupt` unless a width divides into so many heads. */
export function checkHeads(width: number, heads: number): void {
  if (width % heads !== 0) throw corrupt('config.json contradicts itself about heads.');
}
