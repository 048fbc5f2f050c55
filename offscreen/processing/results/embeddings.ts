/** Vectors in rows, [count, width]. */
export interface Rows {
  readonly width: number;
  readonly data: Float32Array;
}

/** How vectors of tokens become one vector of a text: their mean, or that of the first token. */
export type Pooling = 'mean' | 'cls';

const rowOf = ({ data, width }: Rows, row: number): Float32Array => data.subarray(row * width, (row + 1) * width);

/** @throws RangeError when rows are not whole */
function countOf({ data, width }: Rows): number {
  const count = data.length / width;
  if (!Number.isSafeInteger(count)) throw new RangeError(`${data.length} numbers are no rows of ${width}.`);
  return count;
}

/**
 * The vector of a text.
 *
 * @param states of its tokens, [tokens, width]
 * @param mask [tokens], 1 for tokens that count; all count where it is left out. The first token is that of the text: padding
 *   comes after it.
 * @throws RangeError when the mask is of another length or covers no token
 */
export function poolStates(
  states: Rows,
  pooling: Pooling,
  mask?: ArrayLike<number | bigint>,
): Float32Array<ArrayBuffer> {
  const tokens = countOf(states);
  if (mask && mask.length !== tokens) throw new RangeError(`A mask of ${mask.length} is for ${tokens} tokens.`);
  if (pooling === 'cls') return Float32Array.from(rowOf(states, 0));
  const sums = new Float64Array(states.width);
  let counted = 0;
  for (let token = 0; token < tokens; token += 1) {
    if (mask && Number(mask[token]) === 0) continue;
    counted += 1;
    for (const [i, value] of rowOf(states, token).entries()) sums[i] = (sums[i] ?? 0) + value;
  }
  if (counted === 0) throw new RangeError('There is no token to take the mean of.');
  return Float32Array.from(sums, (sum) => sum / counted);
}

/** A vector of the same direction and of length 1; one without a direction stays as it is. */
export function normalize(vector: Float32Array): Float32Array<ArrayBuffer> {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  // The least length that is divided by, as in torch.nn.functional.normalize.
  return Float32Array.from(vector, (value) => value / Math.max(length, 1e-12));
}

/**
 * Logits of images (or videos) with texts: products of their embeddings of length 1, times the learned temperature
 * (Radford et al. 2021, arXiv:2103.00020, figure 3).
 *
 * @param images [images, width]
 * @param texts [texts, width]
 * @returns [images * texts], `logits_per_image`
 */
export function logitsPerImage(images: Rows, texts: Rows, scale: number): Float32Array<ArrayBuffer> {
  if (images.width !== texts.width)
    throw new RangeError(`Widths ${images.width} and ${texts.width} are not one space.`);
  const [imageCount, textCount] = [countOf(images), countOf(texts)];
  return Float32Array.from({ length: imageCount * textCount }, (_, i) => {
    const [image, text] = [rowOf(images, Math.floor(i / textCount)), rowOf(texts, i % textCount)];
    return scale * image.reduce((sum, value, at) => sum + value * (text[at] ?? Number.NaN), 0);
  });
}
