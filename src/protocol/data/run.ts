import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { GraphName } from '../generation.ts';
import { Hardware } from '../hardware.ts';
import { LIMITS } from '../limits.ts';
import { ModelName } from '../scalars.ts';
import { TaskExecution } from '../tasks/tasks.ts';
import { InputMap, KeptMap, TensorMap, TensorName } from '../tensor.ts';

export const run = defineMethod({
  name: 'run',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Runs a graph of a model once, the one named where it has several: tensors in, tensors out. Needs the task `tensors`. Buffers are transferred where the path allows it. Outputs named by `keep` (`true`: all) stay with the host, and later runs take them as inputs.',
  params: v.strictObject({
    model: ModelName,
    graph: v.optional(GraphName),
    inputs: InputMap,
    keep: v.optional(v.union([v.literal(true), v.pipe(v.array(TensorName), v.maxLength(LIMITS.tensors))])),
    hardware: v.optional(Hardware),
  }),
  result: v.strictObject({ outputs: TensorMap, kept: v.optional(KeptMap), execution: TaskExecution }),
});
