import { unsupported } from '../../graphs/config-fields.ts';
import { badPicture } from '../image/picture.ts';

/** Frames that a model may look at; those that are known look at 8 to 32. */
const MOST_FRAMES = 1024;

/**
 * Which frames of a video are looked at: `wanted` of them, as far from one another as they can be, the first and the last among
 * them; parts of frames are cut off. Of a shorter video some frames come more than once. A single one is the first.
 *
 * @throws WebplatError `invalid-request` when the video has no frames, `model-unsupported` when the model looks at too many
 */
export function frameIndices(frames: number, wanted: number): number[] {
  if (!Number.isSafeInteger(frames) || frames < 1) throw badPicture('frames', 'hold at least one frame');
  if (wanted > MOST_FRAMES) throw unsupported(`Videos of ${wanted} frames.`);
  const steps = Math.max(wanted - 1, 1);
  return Array.from({ length: wanted }, (_, i) => Math.floor((i * (frames - 1)) / steps));
}
