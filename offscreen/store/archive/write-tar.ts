import { writePax } from './pax.ts';
import type { TarFile } from './read-tar.ts';
import { BLOCK_BYTES, paddingOf, writeHeader } from './tar-header.ts';

/** A tar archive of the files, in their order. It refers to their contents; nothing of them is read or copied here. */
export function writeTar(files: readonly TarFile[]): Blob {
  const parts = files.flatMap(({ path, content }) => {
    const pax = writePax(path, content.size);
    const record = pax.byteLength === 0 ? [] : entry('pax', 'x', new Blob([pax]));
    return [...record, ...entry(path, '0', content)];
  });
  return new Blob([...parts, new Uint8Array(2 * BLOCK_BYTES)], { type: 'application/x-tar' });
}

function entry(name: string, type: string, content: Blob): BlobPart[] {
  const header = writeHeader({ name, type, bytes: content.size });
  return [header, content, new Uint8Array(paddingOf(content.size))];
}
