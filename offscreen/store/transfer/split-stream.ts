import { CHUNK_BYTES, chunkCount, chunkSize } from '../chunked-files.ts';
import { SourceFault } from './fault.ts';
import { asFault, createSilenceGuard, piecesOf } from './fetch-range.ts';

/**
 * Cuts the body of a whole file into chunks and hands them on one by one, in order.
 *
 * @throws SourceFault when it is longer or shorter than `fileBytes`.
 */
export async function splitStream(
  response: Response,
  fileBytes: number,
  signal: AbortSignal,
  onBytes: (bytes: number) => Promise<void> | void,
  onChunk: (index: number, content: Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<void> {
  const guard = createSilenceGuard(signal);
  let index = 0;
  let chunk = new Uint8Array(chunkSize(fileBytes, 0));
  let filled = 0;
  try {
    for await (const piece of piecesOf(response, guard, onBytes)) {
      for (let at = 0; at < piece.byteLength; ) {
        if (index >= chunkCount(fileBytes)) throw new SourceFault('changed', 'The file is longer than it was.');
        const part = piece.subarray(at, at + chunk.byteLength - filled);
        chunk.set(part, filled);
        filled += part.byteLength;
        at += part.byteLength;
        if (filled < chunk.byteLength) continue;
        await onChunk(index, chunk);
        index += 1;
        filled = 0;
        chunk = new Uint8Array(Math.max(0, Math.min(CHUNK_BYTES, fileBytes - index * CHUNK_BYTES)));
      }
    }
  } catch (error) {
    throw asFault(error, signal);
  } finally {
    guard.stop();
  }
  if (index < chunkCount(fileBytes)) throw new SourceFault('broken', 'The connection ended early.');
}
