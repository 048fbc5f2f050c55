import type { Tensor } from 'onnxruntime-common';
import { ELEMENT_SIZES } from '../../graphs/build/value.ts';
import { DECODER_IO, type DecoderShape, type Storage } from '../../graphs/graph.ts';
import { CACHE_USAGE, makeBuffers } from './buffers.ts';
import { resized } from './fixed-sizes.ts';
import { cacheRowBytes } from './plan.ts';
import type { OrtModule } from './runtime.ts';

/** Keys and values of one sequence, as the graph wants and gives them. */
export interface SequenceCache {
  /** Tensors to feed, by input name. */
  feeds(): Record<string, Tensor>;
  /** Where results go, by output name; null lets the runtime allocate. */
  fetches(): Record<string, Tensor | null>;
  /** Takes the results of a run. */
  keep(results: Record<string, Tensor>): void;
  /** Makes it long enough for so many tokens, where graphs cannot. */
  makeRoom?(tokens: number): void;
  /** Becomes what another cache of the same decoder is. */
  copyFrom(other: SequenceCache): void;
  /** Forgets everything, for the next sequence. */
  reset(): void;
  /** Gives the memory back. */
  dispose(): void;
}

const PARTS = ['key', 'value'] as const;

function cacheNames({ layers }: DecoderShape): { past: string; present: string }[] {
  return Array.from({ length: layers }, (_, layer) =>
    PARTS.map((part) => ({ past: DECODER_IO.past(layer, part), present: DECODER_IO.present(layer, part) })),
  ).flat();
}

/**
 * A static cache on the device: one buffer a layer and part, for the whole context, read as past and written as present by
 * the same run. Nothing is allocated or copied while decoding.
 */
export async function createDeviceCache(
  ort: OrtModule,
  device: GPUDevice,
  shape: DecoderShape,
  storage: Storage,
): Promise<SequenceCache> {
  const dataType = storage.float;
  const rowBytes = cacheRowBytes(storage, shape);
  const row = rowBytes / ELEMENT_SIZES[dataType];
  const dims = [1, shape.keyValueHeads, shape.contextTokens, row];
  const size = shape.keyValueHeads * shape.contextTokens * rowBytes;
  const names = cacheNames(shape);
  const buffers = await makeBuffers(device, names.length, { size, usage: CACHE_USAGE });
  const caches = names.flatMap((name, at) => {
    const buffer = buffers[at];
    return buffer ? [{ ...name, buffer, tensor: ort.Tensor.fromGpuBuffer(buffer, { dataType, dims }) }] : [];
  });
  return {
    feeds: () => Object.fromEntries(caches.map(({ past, tensor }) => [past, tensor])),
    fetches: () => Object.fromEntries(caches.map(({ present, tensor }) => [present, tensor])),
    keep: () => {},
    copyFrom(other) {
      const from = other.feeds();
      const encoder = device.createCommandEncoder();
      for (const { past, buffer } of caches) {
        const source = from[past]?.gpuBuffer as GPUBuffer | undefined;
        if (source) encoder.copyBufferToBuffer(source, 0, buffer, 0, size);
      }
      device.queue.submit([encoder.finish()]);
    },
    reset() {
      // Lengths alone keep a sequence from reading what the one before left; clearing makes sure that nothing is left.
      const encoder = device.createCommandEncoder();
      for (const { buffer } of caches) encoder.clearBuffer(buffer);
      device.queue.submit([encoder.finish()]);
    },
    dispose() {
      for (const { tensor, buffer } of caches) {
        tensor.dispose();
        buffer.destroy();
      }
    },
  };
}

/** Rows that a cache of fixed sizes has at least: it grows by doubling, and each size is another session's. */
const LEAST_ROWS = 256;

/**
 * A cache in ordinary memory that is as long as the sequence: the processor's runtime copies caches in and out of its heap
 * at every run, so what is not there costs nothing. `fixed` ones have the size that the graph is told, and more before it runs out.
 */
export function createHostCache(ort: OrtModule, shape: DecoderShape, fixed = false): SequenceCache {
  const names = cacheNames(shape);
  const empty = () => new ort.Tensor('float32', new Float32Array(0), [1, shape.keyValueHeads, 0, shape.headSize]);
  const start = () => Object.fromEntries(names.map(({ past }) => [past, empty()]));
  let past: Record<string, Tensor> = start();
  return {
    feeds: () => past,
    fetches: () => Object.fromEntries(names.map(({ present }) => [present, null])),
    keep(results) {
      const next: Record<string, Tensor> = {};
      for (const { past: input, present } of names) {
        const tensor = results[present];
        if (tensor) next[input] = tensor;
      }
      past = next;
    },
    ...(fixed && {
      makeRoom(tokens: number) {
        const rows = Math.min(shape.contextTokens, Math.max(LEAST_ROWS, 2 ** Math.ceil(Math.log2(tokens))));
        past = Object.fromEntries(Object.entries(past).map(([name, tensor]) => [name, lengthened(ort, tensor, rows)]));
      },
    }),
    copyFrom(other) {
      // Runs give new tensors and leave those that they were fed as they are: two sequences may hold the same.
      past = { ...other.feeds() };
    },
    reset() {
      past = start();
    },
    dispose() {
      past = {};
    },
  };
}

/** Keys or values [1, heads, rows, size] with zeros behind them, for at least so many rows. */
function lengthened(ort: OrtModule, tensor: Tensor, rows: number): Tensor {
  const [batch = 1, heads = 1, have = 0, size = 1] = tensor.dims;
  if (have >= rows) return tensor;
  const dims = [batch, heads, rows, size];
  return new ort.Tensor('float32', resized(tensor.data as Float32Array, tensor.dims, dims), dims);
}
