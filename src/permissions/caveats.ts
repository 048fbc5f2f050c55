import * as v from 'valibot';
import { CAVEAT_TYPES, type Caveat, type CaveatType, CaveatValues, type Grant } from '../protocol/grant.ts';
import type { Time } from './types.ts';

/** How the values of one caveat compare. Every caveat is a set of things it lets through, ordered by inclusion. */
interface Order<T> {
  /** Whether everything that `a` lets through, `b` lets through as well. */
  within(a: T, b: T): boolean;
  /** The value that lets through what either does, and nothing else. */
  join(a: T, b: T): T;
}

type List = '*' | readonly string[];

const listed = <T extends List>(): Order<T> => ({
  within: (a, b) => b === '*' || (a !== '*' && a.every((name) => b.includes(name))),
  join: (a, b) => (a === '*' || b === '*' ? '*' : [...new Set([...a, ...b])]) as T,
});

const atMost: Order<number> = { within: (a, b) => a <= b, join: Math.max };

const until: Order<CaveatValues['expiry']> = {
  within: (a, b) => b === 'never' || (a !== 'never' && a <= b),
  join: (a, b) => (a === 'never' || b === 'never' ? 'never' : Math.max(a, b)),
};

const restriction: Order<boolean> = { within: (a, b) => a || !b, join: (a, b) => a && b };

const ORDERS: { readonly [T in CaveatType]: Order<CaveatValues[T]> } = {
  models: listed(),
  tasks: listed(),
  maxConcurrent: atMost,
  maxRatePerMinute: atMost,
  maxTokens: atMost,
  maxMemoryBytes: atMost,
  maxComputeMsPerDay: atMost,
  expiry: until,
  topLevelOnly: restriction,
};

/** Whether one caveat of `a` lets nothing through that the same caveat of `b` stops. */
export function isCaveatWithin<T extends CaveatType>(type: T, a: CaveatValues, b: CaveatValues): boolean {
  return ORDERS[type].within(a[type], b[type]);
}

/** `a` with the caveat `type` widened to also let through what that caveat of `b` does. */
export function joinCaveat<T extends CaveatType>(type: T, a: CaveatValues, b: CaveatValues): CaveatValues {
  return { ...a, [type]: ORDERS[type].join(a[type], b[type]) };
}

/** Whether `a` allows nothing that `b` does not. */
export function isWithin(a: CaveatValues, b: CaveatValues): boolean {
  return CAVEAT_TYPES.every((type) => isCaveatWithin(type, a, b));
}

/** The caveats of a grant by type, or undefined when one is missing, doubled or invalid: such a grant allows nothing. */
export function caveatsOf(grant: Pick<Grant, 'caveats'>): CaveatValues | undefined {
  if (new Set(grant.caveats.map(({ type }) => type)).size !== grant.caveats.length) return undefined;
  const values = v.safeParse(CaveatValues, Object.fromEntries(grant.caveats.map(({ type, value }) => [type, value])));
  return values.success ? values.output : undefined;
}

/** The EIP-2255 form of caveat values, always in the same order. */
export function toCaveats(values: CaveatValues): Caveat[] {
  return CAVEAT_TYPES.map((type) => ({ type, value: values[type] }) as Caveat);
}

/** A clock that differs by less than this was adjusted, not turned back. */
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * Whether a grant's time is up. A grant that ends by the clock ends as well when the clock was turned back behind the
 * moment it was given, or behind a later moment on record: the time that has really passed is not known any more.
 */
export function isExpired({ date }: Pick<Grant, 'date'>, { expiry }: CaveatValues, { now, seen }: Time): boolean {
  if (expiry === 'never') return false;
  return now >= expiry || now < Math.max(date, seen) - CLOCK_SKEW_MS;
}
