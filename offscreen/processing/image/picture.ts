import { WebplatError } from '../../../src/protocol/errors.ts';

/** Height and width in pixels. */
export type Extent = readonly [height: number, width: number];

/**
 * A decoded picture: rows from the top, pixels from the left, 8 bits a channel, without gaps. How many channels a pixel has follows
 * from the length: gray, gray and alpha, RGB, or RGBA. Gray counts as red, green and blue alike. Alpha is left out, not composited,
 * and colours must not be multiplied by it; that is how the libraries load pictures that models are trained with.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * What is accepted. Who decodes a picture asks {@link checkExtent} as soon as the size is known, before there is memory for pixels.
 *
 * Resizing itself needs memory for its result only, whatever the size of the picture. What is limited is the decoded picture that
 * the caller holds: 2^26 pixels are 256 MiB of RGBA, more than any camera of a phone takes at its usual setting. No edge may be
 * longer than JPEG can say, so that tables of weights stay small.
 */
export const PICTURE_LIMITS = {
  /** Pixels of one picture as it was decoded. */
  pixels: 2 ** 26,
  /** Length of an edge of it. */
  edge: 65_535,
  /** Length of an edge after resizing, also where most of it is cropped. */
  resizedEdge: 2 ** 22,
  /** Pixels of all pictures of one call once they are prepared: 192 MiB of float32. */
  preparedPixels: 2 ** 24,
} as const;

/** The error of an argument that cannot be worked with; `rule` says what it must be. */
export const badPicture = (field: string, rule: string): WebplatError =>
  new WebplatError('invalid-request', `${field} must ${rule}.`, { field });

/** @throws WebplatError `invalid-request` when a picture of this size has no pixels, or too many */
export function checkExtent([height, width]: Extent, field = 'picture'): void {
  const { edge, pixels } = PICTURE_LIMITS;
  for (const length of [height, width]) {
    if (!Number.isSafeInteger(length) || length < 1) throw badPicture(field, 'have at least one pixel each way');
    if (length > edge) throw badPicture(field, `be made smaller: no edge may be longer than ${edge} pixels`);
  }
  if (height * width > pixels) throw badPicture(field, `be made smaller: at most ${pixels} pixels are accepted`);
}

/** Where the colours of a pixel are: bytes from one pixel to the next, and of green and blue after red. */
export interface Layout {
  readonly step: number;
  readonly green: number;
  readonly blue: number;
}

const GRAY = { green: 0, blue: 0 };
const COLOR = { green: 1, blue: 2 };
const LAYOUTS: readonly Layout[] = [
  { step: 1, ...GRAY },
  { step: 2, ...GRAY },
  { step: 3, ...COLOR },
  { step: 4, ...COLOR },
];

/** @throws WebplatError `invalid-request` like {@link checkExtent}, or when the bytes are not those of such a picture */
export function layoutOf({ width, height, data }: Picture, field = 'picture'): Layout {
  checkExtent([height, width], field);
  const layout = LAYOUTS.find(({ step }) => data.length === step * width * height);
  if (layout) return layout;
  const rule = `hold ${width} x ${height} pixels of 1 to 4 bytes, not ${data.length} bytes`;
  throw badPicture(`${field}.data`, rule);
}

export const extentOf = ({ height, width }: Picture): Extent => [height, width];
