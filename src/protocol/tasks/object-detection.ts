import * as v from 'valibot';
import { defineTask } from './define-task.ts';
import { Picture } from './media.ts';
import { DetectedObjects } from './results.ts';

export const objectDetection = defineTask({
  name: 'object-detection',
  doc: 'Finds objects in a picture: what they are, and where, in pixels.',
  input: Picture,
  options: v.strictObject({
    /** Objects that are less likely are left out; 0.9 if left out. */
    threshold: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(1))),
  }),
  output: DetectedObjects,
});
