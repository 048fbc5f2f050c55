import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { GraphName } from '../generation.ts';
import { Hardware } from '../hardware.ts';
import { ModelName } from '../scalars.ts';
import { TaskExecution } from '../tasks/tasks.ts';
import { TensorMap } from '../tensor.ts';

export const run = defineMethod({
  name: 'run',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Runs a graph of a model once, the one named where it has several: tensors in, tensors out. Needs the task `tensors`. Buffers are transferred where the path allows it.',
  params: v.strictObject({
    model: ModelName,
    graph: v.optional(GraphName),
    inputs: TensorMap,
    hardware: v.optional(Hardware),
  }),
  result: v.strictObject({ outputs: TensorMap, execution: TaskExecution }),
});
