import { WebplatError } from '../../src/protocol/errors.ts';

/** A file of a model, readable piece by piece, wherever it lies. */
export interface ModelBytes {
  readonly size: number;
  /** Bytes `begin` to `end` (exclusive). @throws WebplatError `model-corrupt` when the file has fewer or cannot be read. */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A blob, e.g. a file of the private file system: only what is read is ever in memory. */
export function bytesOfBlob(blob: Blob): ModelBytes {
  return {
    size: blob.size,
    async read(begin, end) {
      const buffer = await blob
        .slice(begin, end)
        .arrayBuffer()
        .catch(() => undefined);
      if (buffer?.byteLength !== end - begin) {
        throw new WebplatError('model-corrupt', undefined, { reason: 'A file of the model cannot be read.' });
      }
      return new Uint8Array(buffer);
    },
  };
}
