import { LIMITS } from '../../src/protocol/limits.ts';
import type { Frames, Pixels } from '../../src/protocol/tasks/media.ts';
import { checkExtent } from '../processing/image/picture.ts';
import { type Awaiter, withMedia } from './media-element.ts';
import { drawnPixels } from './picture.ts';

/** Bytes that all frames of a video may take; large pictures are looked at less often. */
const FRAMES_BYTES = 256 * 1024 * 1024;
/** More often than this, in frames a second, nothing new is seen. */
const MOST_RATE = 25;
/** Models look at no fewer frames, however short the video is. */
const FEWEST = 8;
/** How long all of it may take, in milliseconds. */
const TOTAL_MS = 120_000;

const FAILURE = 'The video cannot be decoded in this browser. Send frames of it, as images.';

/** Times at which a video is looked at, in seconds: the middles of equal parts of it. */
export function frameTimes(seconds: number, frameBytes: number): number[] {
  const wanted = Math.max(FEWEST, Math.ceil(seconds * MOST_RATE));
  const count = Math.max(1, Math.min(wanted, LIMITS.videoFrames, Math.floor(FRAMES_BYTES / frameBytes)));
  return Array.from({ length: count }, (_, index) => ((index + 0.5) * seconds) / count);
}

/**
 * Takes frames of a video file, evenly over its length: 64 of it at most, 8 at least, unless they would be more than 256 MiB together.
 *
 * @throws WebplatError `invalid-request` for what is no video, is damaged, has pictures too large, or takes too long
 */
export function decodeVideo(bytes: ArrayBuffer, caller: AbortSignal): Promise<Frames> {
  const deadline = AbortSignal.timeout(TOTAL_MS);
  const signal = AbortSignal.any([caller, deadline]);
  return withMedia('video', bytes, FAILURE, signal, async (video, seconds, wait) => {
    const { videoWidth: width, videoHeight: height } = video;
    checkExtent([height, width], 'input');
    const frames: Pixels[] = [];
    for (const time of frameTimes(seconds, width * height * 4)) {
      await seek(video, time, wait);
      frames.push(drawnPixels(video, width, height));
    }
    return { kind: 'frames', frames };
  });
}

async function seek(video: HTMLVideoElement, time: number, wait: Awaiter): Promise<void> {
  const arrived = wait('seeked');
  video.currentTime = time;
  await arrived;
  // Some browsers have arrived before they have the picture.
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) await wait('canplay');
}
