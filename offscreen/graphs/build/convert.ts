import type { ParamReader } from '../../checkpoint/checkpoint.ts';
import type { WeightPart } from './graph-builder.ts';

/** Takes bytes of a part's file at their place; they may be used again once the call has returned. */
export type PutBytes = (offset: number, bytes: Uint8Array) => void;

export interface ConvertOptions {
  readonly signal: AbortSignal;
  /** Bytes of the file that are there so far, once a weight. */
  onProgress?(doneBytes: number): void;
}

/** Makes the file of one part, weight by weight; bytes between weights are not written. */
export async function convertPart(
  part: WeightPart,
  reader: ParamReader,
  put: PutBytes,
  { signal, onProgress }: ConvertOptions,
): Promise<void> {
  for (const { recipe, weights } of part.steps) {
    signal.throwIfAborted();
    await recipe.write(reader, (output, offset, bytes) => {
      const weight = weights[output];
      if (!weight || offset + bytes.byteLength > weight.bytes)
        throw new RangeError('A recipe wrote outside its weight.');
      put(weight.offset + offset, bytes);
    });
    const last = weights.at(-1);
    if (last) onProgress?.(last.offset + last.bytes);
  }
}
