import type { Tensor } from 'onnxruntime-common';
import { WebplatError } from '../../../src/protocol/errors.ts';
import type { TensorMap, WireTensor } from '../../../src/protocol/tensor.ts';
import { nextMacrotask } from '../../../src/shared/macrotask.ts';
import type { Mutex } from '../../../src/shared/mutex.ts';
import type { ReadBack } from '../../device/read-back.ts';
import type { Value } from '../../graphs/build/value.ts';
import type { Graph } from '../../tasks/graph.ts';
import type { Runnable } from './fixed-session.ts';
import type { OrtModule } from './runtime.ts';

/** What everything that runs on one runtime and one device shares. */
export interface RunSetting {
  readonly ort: OrtModule;
  /** Orders everything that touches the runtime, which must never run two things at once. */
  readonly mutex: Mutex;
  readonly readBack: ReadBack;
  /** What is behind an error of the runtime, where something is. */
  readonly diagnose: () => Promise<WebplatError | undefined>;
}

/** Runs `work` in its turn, and finds out why where it fails. */
export async function runInTurn<T>({ mutex, readBack, diagnose }: RunSetting, work: () => Promise<T>) {
  const done = await mutex.run(async () => {
    const start = performance.now();
    const value = await readBack(work).catch(async () => {
      throw (await diagnose()) ?? new WebplatError('engine-failed');
    });
    return { value, computeMs: performance.now() - start };
  });
  // The processor's runtime never leaves its task by itself: messages such as an abort get their turn here.
  await nextMacrotask();
  return done;
}

type View = new (buffer: ArrayBuffer) => Tensor['data'];

/** How the runtime wants the bytes of a tensor. */
const VIEWS = {
  float32: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
} as const satisfies Record<WireTensor['dtype'], unknown>;

export function toOrt(ort: OrtModule, { dtype, dims, data }: WireTensor): Tensor {
  const view = new (VIEWS[dtype] as View)(data);
  return new ort.Tensor(dtype, view as Float32Array, dims);
}

/** A copy of a tensor's bytes, which the runtime may use again. */
export function fromOrt({ type, dims, data }: Tensor): WireTensor {
  if (!Object.hasOwn(VIEWS, type) || !ArrayBuffer.isView(data)) throw new WebplatError('engine-failed');
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return { dtype: type as WireTensor['dtype'], dims: [...dims], data: bytes.slice().buffer };
}

export interface GraphParts extends RunSetting {
  readonly session: Runnable;
  readonly inputs: readonly Value[];
}

/** A graph that is run as a whole. */
export function createGraphRunner(parts: GraphParts): Graph {
  const { ort, session, inputs } = parts;
  return {
    inputs,
    async run(given, events) {
      events.signal.throwIfAborted();
      const feeds = Object.fromEntries(Object.entries(given).map(([name, tensor]) => [name, toOrt(ort, tensor)]));
      const { value, computeMs } = await runInTurn(parts, () => session.run(feeds));
      events.onCompute(computeMs);
      const outputs: TensorMap = {};
      for (const [name, tensor] of Object.entries(value)) {
        outputs[name] = fromOrt(tensor);
        tensor.dispose();
      }
      return outputs;
    },
  };
}
