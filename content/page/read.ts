import { pageError, wireError } from './errors.ts';
import {
  append,
  dictionary,
  hasOwn,
  isAborted,
  isArray,
  isFiniteNumber,
  isSafeInteger,
  ownKeys,
} from './primordials.ts';

/** Own properties of an argument, each read once; what the caller does to the object later changes nothing. */
export type Fields = Record<string, unknown>;

/** Rejects an argument. `field` is its path, e.g. `infer: input[2].content`. */
export function refuse(field: string, expectation: string): never {
  throw pageError(wireError('invalid-request', `${field} ${expectation}.`, { field: field.length > 128 ? '' : field }));
}

/** Reads the `known` properties of an object and refuses any other. Inherited ones count as absent. */
export function fields(what: string, value: unknown, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || isArrayAt(what, value)) return refuse(what, 'must be an object');
  const result = dictionary<unknown>();
  const present = guarded(what, () => ownKeys(value));
  for (let at = 0; at < present.length; at++) {
    const key = present[at] as string;
    if (!includes(known, key)) refuse(`${what}: ${key.length > 64 ? 'a field' : key}`, 'is not a known field');
  }
  for (let at = 0; at < known.length; at++) {
    const key = known[at] as string;
    guarded(`${what}: ${key}`, () => {
      if (hasOwn(value, key)) result[key] = (value as Fields)[key];
    });
  }
  return result;
}

/** Runs what may call the caller's code: an accessor or a proxy that throws is a wrong argument like any other. */
function guarded<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch {
    return refuse(what, 'could not be read');
  }
}

function isArrayAt(what: string, value: unknown): value is unknown[] {
  return guarded(what, () => isArray(value));
}

export function includes(list: readonly string[], value: unknown): boolean {
  for (let at = 0; at < list.length; at++) if (list[at] === value) return true;
  return false;
}

export function text(what: string, value: unknown, min: number, max: number): string {
  if (typeof value !== 'string') return refuse(what, 'must be a string');
  if (value.length < min) return refuse(what, 'must not be empty');
  if (value.length > max) return refuse(what, `has ${value.length} characters, more than ${max}`);
  return value;
}

/** Bounds of a number; `above` excludes the bound itself. */
export interface Range {
  readonly integer: boolean;
  readonly min: number;
  readonly max: number;
  readonly above: boolean;
}

export function number(what: string, value: unknown, range: Range): number {
  const kind = range.integer ? 'an integer' : 'a number';
  const from = range.above ? `above ${range.min} and at most` : `from ${range.min} to`;
  const fits =
    (range.integer ? isSafeInteger(value) : isFiniteNumber(value)) &&
    (value as number) >= range.min &&
    (value as number) <= range.max &&
    !(range.above && value === range.min);
  return fits ? (value as number) : refuse(what, `must be ${kind} ${from} ${range.max}`);
}

export function oneOf<T extends string>(what: string, value: unknown, allowed: readonly T[]): T {
  if (includes(allowed, value)) return value as T;
  let names = '';
  for (let at = 0; at < allowed.length; at++) names += `${at === 0 ? '' : ', '}"${allowed[at]}"`;
  return refuse(what, `must be ${allowed.length === 1 ? '' : 'one of '}${names}`);
}

/** Reads an array of at most `max` items through `item`. */
export function list<T>(
  what: string,
  value: unknown,
  min: number,
  max: number,
  item: (what: string, value: unknown) => T,
): T[] {
  if (!isArrayAt(what, value)) return refuse(what, 'must be an array');
  const length = guarded(what, () => value.length);
  if (length < min) return refuse(what, 'must not be empty');
  if (length > max) return refuse(what, `has ${length} items, more than ${max}`);
  const result: T[] = [];
  for (let at = 0; at < length; at++) {
    const path = `${what}[${at}]`;
    append(
      result,
      item(
        path,
        guarded(path, () => value[at]),
      ),
    );
  }
  return result;
}

/** Applies `read` unless the value is absent. */
export function optional<T>(what: string, value: unknown, read: (what: string, value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(what, value);
}

export function signal(what: string, value: unknown): AbortSignal {
  try {
    isAborted(value as AbortSignal);
  } catch {
    return refuse(what, 'must be an AbortSignal');
  }
  return value as AbortSignal;
}

export function callback<T>(what: string, value: unknown): (value: T) => void {
  return typeof value === 'function' ? (value as (value: T) => void) : refuse(what, 'must be a function');
}

export function flag(what: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(what, 'must be true or false');
}
