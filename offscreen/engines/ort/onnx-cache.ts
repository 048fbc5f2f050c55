import type { Tensor } from 'onnxruntime-common';
import type { ExportedCache } from '../../onnx/decoder-io.ts';
import type { SequenceCache } from './caches.ts';
import { toOrt } from './graph-runner.ts';
import type { OrtModule } from './runtime.ts';

/** Keys and values of one sequence of an exported decoder: whatever the runtime gave last, wherever it lies. */
export interface OnnxCache extends SequenceCache {
  /** Whether something was computed for the sequence yet. */
  readonly started: boolean;
}

/** Sequences that hold a tensor: it is given back by the last of them. */
const holders = new WeakMap<Tensor, number>();

const hold = (tensor: Tensor): void => {
  holders.set(tensor, (holders.get(tensor) ?? 0) + 1);
};

function drop(tensor: Tensor): void {
  const left = (holders.get(tensor) ?? 1) - 1;
  holders.set(tensor, left);
  if (left === 0) tensor.dispose();
}

export function createOnnxCache(ort: OrtModule, caches: readonly ExportedCache[]): OnnxCache {
  let started = false;
  let past: Readonly<Record<string, Tensor>> = begin();

  function begin(): Record<string, Tensor> {
    return Object.fromEntries(
      caches.map(({ past: name, heads, headSize, element }) => {
        const empty = toOrt(ort, { dtype: element, dims: [1, heads, 0, headSize], data: new ArrayBuffer(0) });
        hold(empty);
        return [name, empty];
      }),
    );
  }

  function become(next: Readonly<Record<string, Tensor>>): void {
    for (const tensor of Object.values(next)) hold(tensor);
    for (const tensor of Object.values(past)) drop(tensor);
    past = next;
  }

  return {
    get started() {
      return started;
    },
    feeds: () => past,
    fetches: () => Object.fromEntries(caches.map(({ present }) => [present, null])),
    keep(results) {
      const next: Record<string, Tensor> = {};
      for (const { past: name, present, owner } of caches) {
        const result = results[present];
        // The encoder's are computed with the first token. Later runs give them again, or something empty in their place.
        const kept = owner === 'encoder' && started ? past[name] : (result ?? past[name]);
        if (kept) next[name] = kept;
        if (result && result !== kept) result.dispose();
      }
      become(next);
      started = true;
    },
    copyFrom(other) {
      become({ ...other.feeds() });
      started = (other as OnnxCache).started;
    },
    reset() {
      const next = begin();
      for (const tensor of Object.values(past)) drop(tensor);
      past = next;
      started = false;
    },
    dispose() {
      for (const tensor of Object.values(past)) drop(tensor);
      past = {};
    },
  };
}
