/** Which end is cut off. */
export type Side = 'left' | 'right';

/**
 * Cuts one text, or two, to `budget` tokens together. Of two the longer one is cut first; when both have to be cut, they keep half of
 * the budget each, the shorter one (the first of two equals) the smaller half. That is `longest_first` of the Rust `tokenizers`
 * library.
 */
export function truncate(
  first: readonly number[],
  second: readonly number[] | undefined,
  budget: number,
  side: Side,
): readonly [first: readonly number[], second: readonly number[] | undefined] {
  if (!second) return [cut(first, budget, side), undefined];
  if (first.length + second.length <= budget) return [first, second];
  const swapped = first.length > second.length;
  const shorter = Math.min(first.length, second.length);
  const half = Math.floor(budget / 2);
  const keptOfShorter = Math.min(shorter, half);
  const [keepFirst, keepSecond] = swapped
    ? [budget - keptOfShorter, keptOfShorter]
    : [keptOfShorter, budget - keptOfShorter];
  return [cut(first, keepFirst, side), cut(second, keepSecond, side)];
}

function cut(ids: readonly number[], count: number, side: Side): readonly number[] {
  if (ids.length <= count) return ids;
  return side === 'right' ? ids.slice(0, count) : ids.slice(ids.length - count);
}
