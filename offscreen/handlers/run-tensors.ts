import { MOVE_FROM_BYTES } from '../../src/protocol/element-bytes.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import type { ServedCall } from '../data/serve-port.ts';
import type { Session } from '../sessions/session.ts';
import { execute, type Services } from './execute.ts';

/** Runs a model's graph once and hands the outputs' buffers over for transfer. */
export async function runTensors(
  services: Services,
  session: Session,
  { model, graph, inputs }: { model: string; graph?: string | undefined; inputs: TensorMap },
  call: ServedCall,
) {
  const outputs = await execute(services, session, { model, task: 'tensors', graph }, call, (execution) =>
    execution.model.run({ graph, inputs }, { signal: execution.signal, onCompute: execution.onCompute }),
  );
  const buffers = new Set(Object.values(outputs).map(({ data }) => data));
  const transfer = [...buffers].filter(({ byteLength }) => byteLength >= MOVE_FROM_BYTES);
  return { value: { outputs }, transfer };
}
