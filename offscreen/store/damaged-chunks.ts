import { type ChunkedFiles, chunkCount, chunkSize } from './chunked-files.ts';
import { sha256 as sha256Of } from './digest.ts';

/** Chunks that are read at the same time: browsers hash on threads of their own. */
const READ_AT_ONCE = 4;

/** Numbers of the chunks of a file that are missing or not what they were when the file was checked. */
export async function damagedChunks(
  files: ChunkedFiles,
  { id, bytes, chunks }: { readonly id: string; readonly bytes: number; readonly chunks: readonly string[] },
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
): Promise<number[]> {
  const damaged: number[] = [];
  const left = Array.from({ length: chunkCount(bytes) }, (_, index) => index).values();
  const read = async () => {
    for (const index of left) {
      signal?.throwIfAborted();
      const chunk = await files.chunk({ id, bytes }, index);
      const content = await chunk?.arrayBuffer().catch(() => undefined);
      if (!content || (await sha256Of(new Uint8Array(content))) !== chunks[index]) damaged.push(index);
      onBytes(chunkSize(bytes, index));
    }
  };
  await Promise.all(Array.from({ length: READ_AT_ONCE }, read));
  return damaged;
}
