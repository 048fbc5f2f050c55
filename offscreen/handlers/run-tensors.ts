import type * as v from 'valibot';
import type { run } from '../../src/protocol/data/run.ts';
import { MOVE_FROM_BYTES } from '../../src/protocol/element-bytes.ts';
import type { ServedCall } from '../data/serve-port.ts';
import type { Session } from '../sessions/session.ts';
import { execute, type Services, whereOf } from './execute.ts';

/** Runs a model's graph once and hands the outputs' buffers over for transfer. */
export async function runTensors(
  services: Services,
  session: Session,
  { model, graph, inputs, hardware }: v.InferOutput<typeof run.params>,
  call: ServedCall,
) {
  const startedAt = performance.now();
  const request = { model, task: 'tensors', graph, hardware } as const;
  const value = await execute(services, session, request, call, async (execution) => {
    const { signal, onCompute } = execution;
    const outputs = await execution.model.run({ graph, inputs }, { signal, onCompute });
    return { outputs, execution: { ...whereOf(execution.model), totalMs: performance.now() - startedAt } };
  });
  const buffers = new Set(Object.values(value.outputs).map(({ data }) => data));
  const transfer = [...buffers].filter(({ byteLength }) => byteLength >= MOVE_FROM_BYTES);
  return { value, transfer };
}
