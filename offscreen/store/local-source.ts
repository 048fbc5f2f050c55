import { CHUNK_BYTES, chunkSize } from './chunked-files.ts';
import { SourceFault } from './transfer/fault.ts';
import type { LocalSource } from './transfer/source.ts';

/** A file that the user picked, or a part of an archive, as a source: it is read chunk by chunk, as the store asks. */
export function localSource(content: Blob): LocalSource {
  const { size } = content;
  return {
    name: 'this computer',
    async readChunk(index) {
      const begin = index * CHUNK_BYTES;
      const bytes = await content
        .slice(begin, begin + CHUNK_BYTES)
        .arrayBuffer()
        .catch(() => undefined);
      // Browsers refuse to read a file that was changed since it was picked.
      if (bytes?.byteLength !== chunkSize(size, index)) {
        throw new SourceFault('changed', 'A file cannot be read; it may have been changed or moved.');
      }
      return new Uint8Array(bytes);
    },
  };
}
