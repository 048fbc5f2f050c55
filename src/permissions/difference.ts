import type { CaveatValues } from '../protocol/grant.ts';
import type { TaskName } from '../protocol/scalars.ts';
import { LIMIT_KEYS, type LimitKey, type Offer } from './types.ts';

/** What an offer adds to what is held; everything in it is new or wider, nothing in it was agreed to before. */
export interface Difference {
  readonly models: readonly string[];
  readonly tasks: readonly TaskName[];
  readonly limits: readonly { readonly key: LimitKey; readonly held: number; readonly asked: number }[];
}

/** Compares an offer with one grant's caveats, or with nothing. */
export function difference(offer: Offer, held: CaveatValues | undefined): Difference {
  const isNew = (list: '*' | readonly string[] | undefined) => (name: string) => list !== '*' && !list?.includes(name);
  return {
    models: offer.models.filter(isNew(held?.models)),
    tasks: offer.tasks.filter(isNew(held?.tasks)),
    limits: LIMIT_KEYS.map((key) => ({ key, held: held?.[key] ?? 0, asked: offer.limits[key] })).filter(
      ({ held: before, asked }) => asked > before,
    ),
  };
}

/** How many separate things a difference asks the user to look at. */
export function differenceSize({ models, tasks, limits }: Difference): number {
  return models.length + tasks.length + limits.length;
}

/**
 * The set of caveats that an offer adds least to. A prompt compares with one grant and not with all of them together:
 * a mixture would show combinations as held that no grant allows.
 */
export function closest(offer: Offer, held: readonly CaveatValues[]): CaveatValues | undefined {
  let best: { caveats: CaveatValues; size: number } | undefined;
  for (const caveats of held) {
    const size = differenceSize(difference(offer, caveats));
    if (!best || size < best.size) best = { caveats, size };
  }
  return best?.caveats;
}
