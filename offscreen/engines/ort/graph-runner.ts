import type { Tensor } from 'onnxruntime-common';
import { WebplatError } from '../../../src/protocol/errors.ts';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { ELEMENT_BYTES, type TensorMap, type WireTensor } from '../../../src/protocol/tensor.ts';
import { nextMacrotask } from '../../../src/shared/macrotask.ts';
import type { Mutex } from '../../../src/shared/mutex.ts';
import type { ReadBack } from '../../device/read-back.ts';
import type { Graph, GraphInput } from '../../tasks/graph.ts';
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
  /** What an error of the runtime says of a graph that others made, after which the runtime goes on; undefined for a breakdown. */
  readonly explain?: (error: unknown) => WebplatError | undefined;
}

/** Runs `work` in its turn, and finds out why where it fails. */
export async function runInTurn<T>({ mutex, readBack, diagnose, explain }: RunSetting, work: () => Promise<T>) {
  const done = await mutex.run(async () => {
    const start = performance.now();
    const value = await readBack(work).catch(async (error) => {
      throw (await diagnose()) ?? explain?.(error) ?? new WebplatError('engine-failed');
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
  // The runtime takes and gives the type for it where the browser has one.
  float16: (globalThis as { Float16Array?: unknown }).Float16Array ?? Uint16Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<WireTensor['dtype'], unknown>;

export function toOrt(ort: OrtModule, { dtype, dims, data }: WireTensor): Tensor {
  const view = new (VIEWS[dtype] as unknown as View)(data);
  // Other bytes than 0 and 1 are no truth values to compiled code.
  if (dtype === 'bool' && view instanceof Uint8Array) view.set(view.map((byte) => (byte ? 1 : 0)));
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
  readonly inputs: readonly GraphInput[];
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
      try {
        return readOutputs(value);
      } finally {
        for (const tensor of Object.values(value)) tensor.dispose();
      }
    },
  };
}

/** @throws WebplatError `invalid-request` for more than a message holds: how large outputs are, inputs decide */
function readOutputs(value: Readonly<Record<string, Tensor>>): TensorMap {
  const requested = Object.values(value).reduce(
    (sum, { type, size }) => sum + size * (ELEMENT_BYTES[type as WireTensor['dtype']] ?? 0),
    0,
  );
  if (requested > LIMITS.tensorBytes) {
    const quota = LIMITS.tensorBytes;
    throw new WebplatError('invalid-request', 'The outputs are too large together.', { requested, quota });
  }
  return Object.fromEntries(Object.entries(value).map(([name, tensor]) => [name, fromOrt(tensor)]));
}
