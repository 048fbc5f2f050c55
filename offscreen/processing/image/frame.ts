import type { Extent } from './picture.ts';

/** A part of a resized picture: its place and size in pixels. */
export interface Frame {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** All of a picture of this size. */
export const wholeOf = ([height, width]: Extent): Frame => ({ top: 0, left: 0, height, width });
