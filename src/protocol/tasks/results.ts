import * as v from 'valibot';
import { ELEMENT_BYTES } from '../element-bytes.ts';
import { LIMITS } from '../limits.ts';

const Finite = v.pipe(v.number(), v.finite());

/** Labels with their scores, the likeliest first. */
export const LabelScores = v.array(v.strictObject({ label: v.string(), score: Finite }));

/** Objects with their boxes, in pixels of the picture that was given. */
export const DetectedObjects = v.array(
  v.strictObject({
    label: v.string(),
    score: Finite,
    box: v.strictObject({ xmin: Finite, ymin: Finite, xmax: Finite, ymax: Finite }),
  }),
);

/** A float32 tensor. */
export const FloatTensor = v.pipe(
  v.strictObject({
    dtype: v.literal('float32'),
    dims: v.pipe(v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0))), v.maxLength(LIMITS.tensorRank)),
    data: v.instance(ArrayBuffer),
  }),
  v.check(
    ({ dims, data }) => dims.reduce((product, dim) => product * dim, ELEMENT_BYTES.float32) === data.byteLength,
    'four bytes for each element',
  ),
);
export type FloatTensor = v.InferOutput<typeof FloatTensor>;

/** What a model wrote: one text. */
export const GeneratedTexts = v.array(v.strictObject({ generated_text: v.string() }));

/** What was said, and where, in seconds from the beginning; an end that was not heard is null. */
export const Transcript = v.strictObject({
  text: v.string(),
  chunks: v.optional(v.array(v.strictObject({ text: v.string(), timestamp: v.tuple([Finite, v.nullable(Finite)]) }))),
});
