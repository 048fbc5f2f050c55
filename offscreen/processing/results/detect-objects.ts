import { WebplatError } from '../../../src/protocol/errors.ts';
import type { Extent } from '../image/picture.ts';
import { softmax } from './scores.ts';

/** Edges of a box in pixels of the picture, not rounded; a box may reach beyond the picture. */
export interface Box {
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
}

export interface Detection {
  readonly score: number;
  readonly label: string;
  readonly box: Box;
}

/** What DETR says about one picture. */
export interface ObjectQueries {
  /** [queries, labels + 1], the last class meaning no object */
  readonly logits: Float32Array;
  /** [queries, 4]: center x and y, width and height, as shares of the picture */
  readonly boxes: Float32Array;
}

/**
 * Objects in a picture (Carion et al. 2020, arXiv:2005.12872, as `post_process_object_detection` of Hugging Face does it): each query
 * whose likeliest object is likelier than `threshold`, in the order of the queries. That there is none counts among the
 * probabilities, not among the objects.
 *
 * @param size of the picture as it came, whatever it was resized to
 * @throws WebplatError `invalid-request` when the threshold is not from 0 to 1, `engine-failed` when logits are no numbers
 */
export function detectObjects(
  { logits, boxes }: ObjectQueries,
  labels: readonly string[],
  size: Extent,
  threshold = 0.9,
): Detection[] {
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new WebplatError('invalid-request', 'threshold must be a number from 0 to 1.', { field: 'threshold' });
  }
  const classes = labels.length + 1;
  const queries = boxes.length / 4;
  if (logits.length !== queries * classes) {
    throw new RangeError(`${logits.length} logits are not those of ${queries} boxes and ${classes} classes.`);
  }
  return Array.from({ length: queries }, (_, query) => {
    const objects = softmax(logits.subarray(query * classes, (query + 1) * classes)).subarray(0, -1);
    const score = Math.max(...objects);
    const label = labels[objects.indexOf(score)] ?? '';
    return { score, label, box: cornersOf(boxes.subarray(query * 4, query * 4 + 4), size) };
  }).filter(({ score }) => score > threshold);
}

function cornersOf([x = 0, y = 0, across = 0, down = 0]: Float32Array, [height, width]: Extent): Box {
  return {
    xmin: (x - across / 2) * width,
    ymin: (y - down / 2) * height,
    xmax: (x + across / 2) * width,
    ymax: (y + down / 2) * height,
  };
}
