import { WebplatError } from '../../../src/protocol/errors.ts';
import { badPicture } from '../image/picture.ts';

/**
 * A prompt in which the token that stands for a picture is repeated for each of its vectors.
 *
 * @param ids of a prompt that has one token `image` for each picture, in their order
 * @param counts numbers of vectors of the pictures
 * @param contextTokens how many tokens the model takes
 * @throws WebplatError `invalid-request` when the prompt has more or fewer places for pictures than there are pictures,
 *   `context-overflow` when it would be longer than the model takes
 */
export function expandPrompt(
  ids: readonly number[],
  image: number,
  counts: readonly number[],
  contextTokens: number,
): number[] {
  const places = ids.reduce((count, id) => count + (id === image ? 1 : 0), 0);
  if (places !== counts.length) {
    const rule = `be as many as the prompt has places for: ${places}, not ${counts.length}`;
    throw badPicture('pictures', rule);
  }
  const requested = counts.reduce((sum, count) => sum + count, ids.length - places);
  if (requested > contextTokens) {
    throw new WebplatError('context-overflow', undefined, { requested, quota: contextTokens });
  }
  let picture = 0;
  return ids.flatMap((id) => {
    if (id !== image) return id;
    const count = counts[picture] ?? 0;
    picture += 1;
    return Array<number>(count).fill(image);
  });
}
