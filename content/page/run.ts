import type { PortClient } from '../../src/protocol/client.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { KeptMap, TensorMap, WireTensor } from '../../src/protocol/tensor.ts';
import type { KeptTensor, RunResult, Tensor } from '../webplat.d.ts';
import { type Connection, pinned } from './connection.ts';
import { wireError } from './errors.ts';
import { define, freeze, frozenMembers, hasOwn, NativePromise, ownKeys } from './primordials.ts';
import { fields, flag, list, optional, text } from './read.ts';
import { NOBODY, readHardware, readModel, readWaiter } from './requests.ts';
import { type Plan, promised, sealed, workOf } from './start-call.ts';
import { pageTensor, pageTensors, readTensors } from './tensors.ts';

const RUN_FIELDS = ['model', 'graph', 'inputs', 'keep', 'hardware', 'transfer', 'signal'] as const;

interface Ran {
  readonly outputs: TensorMap;
  readonly kept?: KeptMap;
  readonly execution: RunResult['execution'];
}

/** `webplat.run`. */
export function planRun(connection: Connection, request: unknown): Plan<RunResult> {
  const from = fields('run', request, RUN_FIELDS);
  const model = readModel('run', from.model);
  const graph = optional('run: graph', from.graph, (path, name) => text(path, name, 1, LIMITS.graphChars));
  const keep = optional('run: keep', from.keep, readKeep);
  const hardware = optional('run: hardware', from.hardware, readHardware);
  const { signal } = readWaiter('run', from, 'onProgress');
  const move = optional('run: transfer', from.transfer, flag) ?? false;
  const { inputs, transfer } = readTensors('run: inputs', from.inputs, move);
  const waiter = { signal, onProgress: undefined };
  return {
    route: connection.use(model, 'tensors'),
    work: { method: 'run', params: { model, graph, inputs, keep, hardware }, waiter, transfer, credit: 0 },
    convert(value, client) {
      const { outputs, execution } = value as Ran;
      const result = { outputs: pageTensors(outputs), execution: freeze(execution) };
      if (!hasOwn(value as Ran, 'kept')) return sealed<RunResult>(result);
      return sealed<RunResult>({ ...result, kept: keptTensors((value as Ran).kept as KeptMap, client) });
    },
  };
}

/** `false` keeps nothing, as leaving it out does. */
function readKeep(what: string, value: unknown): true | string[] | undefined {
  if (typeof value === 'boolean') return value || undefined;
  return list(what, value, 0, LIMITS.tensors, (path, name) => text(path, name, 1, 128));
}

function keptTensors(kept: KeptMap, client: PortClient): object {
  const result = {};
  const names = ownKeys(kept);
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    define(result, name, createKept(kept[name] as KeptMap[string], client), true);
  }
  return freeze(result);
}

/** The page's end of one kept tensor. It is bound to the client that it was made on and is lost with it. */
function createKept({ kept, dtype, dims }: KeptMap[string], client: PortClient): KeptTensor {
  const route = pinned(client, wireError('tensor-unknown'));
  const methods: Pick<KeptTensor, 'read' | 'release'> = {
    read: () =>
      promised(() => ({
        route,
        work: workOf('tensor.read', { kept }, NOBODY),
        convert: (value) => sealed<Tensor>({ ...pageTensor((value as { tensor: WireTensor }).tensor) }),
      })),
    release: () =>
      client.closed
        ? new NativePromise<void>((resolve) => resolve())
        : promised(() => ({ route, work: workOf('tensor.release', { kept }, NOBODY), convert() {} })),
  };
  return sealed({ kept, dtype, dims: freeze(dims), ...frozenMembers(methods) });
}
