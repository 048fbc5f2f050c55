import { WebplatError } from '../../src/protocol/errors.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { WireTensor } from '../../src/protocol/tensor.ts';
import { randomToken } from '../../src/shared/ids.ts';

/** A tensor, and the model whose permission it depends on. */
export interface Kept {
  readonly model: string;
  readonly tensor: WireTensor;
}

/** Outputs of runs that a document keeps as inputs of later ones, in memory only. */
export interface KeptTensors {
  /** Bytes of all that is kept. */
  readonly bytes: number;
  /**
   * Keeps a tensor that `model` gave; the buffer belongs to the keeper from now on.
   *
   * @returns what names it from now on
   */
  add(model: string, tensor: WireTensor): string;
  /** @throws {@link WebplatError} `busy` or `limit-memory` if not all of `tensors` could be kept */
  assertRoom(tensors: readonly WireTensor[]): void;
  /** The tensor, whose buffer must not be changed or detached. @throws {@link WebplatError} `tensor-unknown` */
  get(id: string): Kept;
  release(id: string): void;
  /** Forgets what models gave that `isRefused` says so of. */
  drop(isRefused: (model: string) => boolean): void;
}

/** The kept tensors of one session. */
export function createKeptTensors(): KeptTensors {
  const tensors = new Map<string, Kept>();
  let bytes = 0;

  function release(id: string): void {
    bytes -= tensors.get(id)?.tensor.data.byteLength ?? 0;
    tensors.delete(id);
  }

  return {
    get bytes() {
      return bytes;
    },
    add(model, tensor) {
      const id = randomToken();
      tensors.set(id, { model, tensor });
      bytes += tensor.data.byteLength;
      return id;
    },
    assertRoom(more) {
      if (tensors.size + more.length > LIMITS.keptTensors) {
        const advice = 'The document keeps too many tensors; release some first.';
        throw new WebplatError('busy', advice, { quota: LIMITS.keptTensors });
      }
      const most = Math.max(0, ...more.map(({ data }) => data.byteLength));
      if (most > LIMITS.tensorBytes) {
        // What is kept can be read and fed, which no larger one could be.
        const figures = { requested: most, quota: LIMITS.tensorBytes };
        throw new WebplatError('limit-memory', 'An output is too large to be kept.', figures);
      }
      const requested = bytes + bytesOf(more);
      if (requested > LIMITS.keptBytes) {
        const advice = 'The document would keep too much; release some tensors first.';
        throw new WebplatError('limit-memory', advice, { requested, quota: LIMITS.keptBytes });
      }
    },
    get(id) {
      const kept = tensors.get(id);
      if (!kept) throw new WebplatError('tensor-unknown');
      return kept;
    },
    release,
    drop(isRefused) {
      for (const [id, { model }] of [...tensors]) if (isRefused(model)) release(id);
    },
  };
}

export const bytesOf = (tensors: readonly WireTensor[]): number =>
  tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
