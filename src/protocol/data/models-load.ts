import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { LoadProgress } from '../generation.ts';
import { Hardware, StoredPrecision } from '../hardware.ts';
import { Backend, ModelName, TaskName } from '../scalars.ts';

export const modelsLoad = defineMethod({
  name: 'models.load',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Makes a model resident, as far as a task needs it, and holds it for this document until it is released or the session ends.',
  params: v.strictObject({ model: ModelName, task: v.optional(TaskName), hardware: v.optional(Hardware) }),
  result: v.strictObject({
    model: ModelName,
    backend: Backend,
    adapter: v.optional(v.pipe(v.string(), v.maxLength(128))),
    precision: v.optional(StoredPrecision),
    streamed: v.optional(v.literal(true)),
  }),
  chunk: LoadProgress,
});
