import type { run } from '../../src/protocol/data/run.ts';
import type { ParamsOf } from '../../src/protocol/define.ts';
import { MOVE_FROM_BYTES } from '../../src/protocol/element-bytes.ts';
import { WebplatError } from '../../src/protocol/errors.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { InputMap, KeptMap, TensorMap, WireTensor } from '../../src/protocol/tensor.ts';
import type { ServedCall } from '../data/serve-port.ts';
import { firstAllowed, grantsFor } from '../sessions/authorize.ts';
import { bytesOf } from '../sessions/kept-tensors.ts';
import type { Session } from '../sessions/session.ts';
import { type Execution, execute, type Services, whereOf } from './execute.ts';

/** Runs a model's graph once, keeps the outputs that were asked for and hands the others' buffers over for transfer. */
export async function runTensors(
  services: Services,
  session: Session,
  { model, graph, inputs, keep, hardware }: ParamsOf<typeof run>,
  call: ServedCall,
) {
  const startedAt = performance.now();
  const given = resolveInputs(session, inputs);
  const request = { model, task: 'tensors', graph, hardware } as const;
  const value = await execute(services, session, request, call, async (execution) => {
    const { signal, onCompute } = execution;
    const outputs = await execution.model.run({ graph, inputs: given() }, { signal, onCompute });
    signal.throwIfAborted();
    const told = { ...whereOf(execution.model), totalMs: performance.now() - startedAt };
    if (keep === undefined) return { outputs, execution: told };
    return { ...keepOutputs(session, execution, model, outputs, keep), execution: told };
  });
  return { value, transfer: movable(Object.values(value.outputs)) };
}

/** A copy of a kept tensor; counts as a request of the site, because it is work that costs the host as one does. */
export function readTensor({ now }: Pick<Services, 'now'>, session: Session, id: string) {
  const { model, tensor } = session.kept.get(id);
  const grants = grantsFor(session.terms.grants, { model, task: 'tensors' }, now());
  firstAllowed(grants, (caveats) => session.site.begin(caveats, now()))();
  const copy = copyOf(tensor);
  return { value: { tensor: copy }, transfer: movable([copy]) };
}

/**
 * Names of kept tensors become tensors: looked up at once, so that a wrong name costs nothing, and copied only when the
 * run begins, because a run may detach its inputs. All inputs together are bounded as those that travel are: one tensor may
 * be named many times.
 */
function resolveInputs(session: Session, inputs: InputMap): () => TensorMap {
  const found = Object.entries(inputs).map(([name, input]) => {
    const isKept = 'kept' in input;
    return { name, isKept, tensor: isKept ? session.kept.get(input.kept).tensor : input };
  });
  if (bytesOf(found.map(({ tensor }) => tensor)) > LIMITS.tensorBytes) {
    throw new WebplatError('invalid-request', `The inputs hold more than ${LIMITS.tensorBytes} bytes.`, {
      field: 'inputs',
    });
  }
  return () =>
    Object.fromEntries(found.map(({ name, isKept, tensor }) => [name, isKept ? copyOf(tensor) : tensor] as const));
}

/** Keeps all of the outputs that were asked for, or none of them. */
function keepOutputs(
  session: Session,
  { assertRoom }: Pick<Execution, 'assertRoom'>,
  model: string,
  outputs: TensorMap,
  keep: true | readonly string[],
): { outputs: TensorMap; kept: KeptMap } {
  const unknown = keep === true ? undefined : keep.find((name) => !Object.hasOwn(outputs, name));
  if (unknown !== undefined) {
    const advice = `keep names ${unknown}, which is none of the outputs ${Object.keys(outputs).join(', ')}.`;
    throw new WebplatError('invalid-request', advice, { field: 'keep' });
  }
  const isKept = (name: string) => keep === true || keep.includes(name);
  const all = Object.entries(outputs);
  const chosen = all.filter(([name]) => isKept(name));
  const tensors = chosen.map(([, tensor]) => tensor);
  session.kept.assertRoom(tensors);
  assertRoom(bytesOf(tensors));
  const sent = Object.fromEntries(all.filter(([name]) => !isKept(name)));
  const buffers = new Set(Object.values(sent).map(({ data }) => data));
  const kept = chosen.map(([name, tensor]) => {
    const { dtype, dims, data } = tensor;
    // What is sent is moved away, and a graph may give one buffer under two names.
    const own = buffers.has(data) ? copyOf(tensor) : tensor;
    return [name, { kept: session.kept.add(model, own), dtype, dims }] as const;
  });
  return { outputs: sent, kept: Object.fromEntries(kept) };
}

const copyOf = (tensor: WireTensor): WireTensor => ({ ...tensor, data: tensor.data.slice(0) });

function movable(tensors: readonly WireTensor[]): ArrayBuffer[] {
  const buffers = new Set(tensors.map(({ data }) => data));
  return [...buffers].filter(({ byteLength }) => byteLength >= MOVE_FROM_BYTES);
}
