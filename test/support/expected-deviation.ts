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
