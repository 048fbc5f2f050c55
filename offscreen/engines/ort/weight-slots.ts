import type { Tensor } from 'onnxruntime-common';
import type { WireTensor } from '../../../src/protocol/tensor.ts';
import type { PlannedWeight } from '../../graphs/build/recipe.ts';
import { CACHE_USAGE } from './buffers.ts';
import { toOrt } from './graph-runner.ts';
import type { OrtModule } from './runtime.ts';

/** Room for the weights of one file, as the runtime is fed them. */
export interface WeightSlot {
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Puts bytes of a weight at their place; `offset` is a multiple of 64. */
  write(weight: number, offset: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Settles when nothing reads what was in it any more. */
  free(): Promise<void>;
  dispose(): void;
}

export type MakeSlot = (weights: readonly PlannedWeight[]) => WeightSlot;

/** The runtime binds whole vectors of four words. */
const BUFFER_ALIGNMENT = 16;
const WORD = 4;

/** Slots in buffers of the device. */
export const deviceSlots =
  (ort: OrtModule, device: GPUDevice): MakeSlot =>
  (weights) => {
    const buffers = weights.map(({ bytes }) =>
      device.createBuffer({ size: Math.ceil(bytes / BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT, usage: CACHE_USAGE }),
    );
    const tensors = weights.flatMap(({ name, element, dims }, at) => {
      const buffer = buffers[at];
      return buffer ? [[name, ort.Tensor.fromGpuBuffer(buffer, { dataType: element, dims })] as const] : [];
    });
    return {
      tensors: Object.fromEntries(tensors),
      write(weight, offset, bytes) {
        const buffer = buffers[weight];
        if (!buffer) throw new RangeError(`There is no weight ${weight}.`);
        const whole = bytes.length - (bytes.length % WORD);
        if (whole > 0) device.queue.writeBuffer(buffer, offset, bytes, 0, whole);
        if (whole === bytes.length) return;
        // Devices are written in whole words; buffers are longer than their weights by more than what is filled in.
        const rest = new Uint8Array(WORD);
        rest.set(bytes.subarray(whole));
        device.queue.writeBuffer(buffer, offset + whole, rest);
      },
      // The queue keeps the order by itself; waiting keeps writes from piling up in front of a slow device.
      free: () => device.queue.onSubmittedWorkDone(),
      dispose() {
        for (const [, tensor] of tensors) tensor.dispose();
        for (const buffer of buffers) buffer.destroy();
      },
    };
  };

/** Slots in ordinary memory, which the processor's runtime copies from at every run. */
export const hostSlots =
  (ort: OrtModule): MakeSlot =>
  (weights) => {
    const data = weights.map(({ bytes }) => new Uint8Array(bytes));
    const tensors = weights.map(({ name, element, dims }, at) => {
      const buffer = data[at]?.buffer ?? new ArrayBuffer(0);
      return [name, toOrt(ort, { dtype: element as WireTensor['dtype'], dims: [...dims], data: buffer })] as const;
    });
    return {
      tensors: Object.fromEntries(tensors),
      write: (weight, offset, bytes) => data[weight]?.set(bytes, offset),
      free: async () => {},
      dispose() {
        data.length = 0;
      },
    };
  };
