import { badPicture, type Extent, PICTURE_LIMITS } from './picture.ts';

/** To which size pictures are resized. */
export type SizeRule =
  | { readonly kind: 'exact'; readonly extent: Extent }
  /** The shorter edge becomes `edge` long, or shorter where the longer one would become longer than `longest`. */
  | { readonly kind: 'shortest'; readonly edge: number; readonly longest?: number | undefined };

/**
 * The size of a picture after resizing, as the image processors of Hugging Face compute it (`get_resize_output_image_size` and, with
 * a longest edge, `get_size_with_aspect_ratio`): parts of pixels are cut off.
 *
 * @throws WebplatError `invalid-request` when the picture is so narrow that the size would be absurd
 */
export function targetSize(extent: Extent, rule: SizeRule, field = 'picture'): Extent {
  if (rule.kind === 'exact') return rule.extent;
  const [short, long] = [Math.min(...extent), Math.max(...extent)];
  const exact = boundedEdge(short, long, rule);
  const edge = exact === rule.edge ? exact : roundHalfToEven(exact);
  // The reference leaves a picture alone whose shorter edge is right, also where the longer one is a little too long.
  const stretched = edge === short ? long : Math.floor((exact * long) / short);
  if (edge < 1 || stretched > PICTURE_LIMITS.resizedEdge) {
    throw badPicture(field, `be less narrow: ${extent[0]} x ${extent[1]} pixels do not fit what the model looks at`);
  }
  return extent[0] <= extent[1] ? [edge, stretched] : [stretched, edge];
}

/** Length of the shorter edge, before rounding where the longer one bounds it. */
function boundedEdge(short: number, long: number, { edge, longest }: Extract<SizeRule, { kind: 'shortest' }>): number {
  return longest !== undefined && (long / short) * edge > longest ? (longest * short) / long : edge;
}

/** As Python rounds. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}
