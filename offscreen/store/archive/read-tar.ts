import { leadsOut } from '../../../src/protocol/model-files.ts';
import { readPax } from './pax.ts';
import { FilesRefused, quoted } from './refusal.ts';
import { BLOCK_BYTES, isZeroBlock, paddingOf, readHeader } from './tar-header.ts';

/** A file in an archive: its content stays where it is. */
export interface TarFile {
  readonly path: string;
  readonly content: Blob;
}

/** Entries of an archive, folders and records included: what a model can have, with room. */
const MOST_ENTRIES = 10_000;
/** Bytes of a pax record: a name and a size need no more. */
const MOST_PAX_BYTES = 64 * 1024;

/**
 * Lists the files of a tar archive. Reads headers only, one at a time. Folders are passed over; anything else that is no
 * file is refused, and so is every name that leads somewhere else.
 *
 * @throws FilesRefused
 */
export async function readTar(archive: Blob, signal?: AbortSignal): Promise<readonly TarFile[]> {
  const files = new Map<string, TarFile>();
  let pax: ReturnType<typeof readPax>;
  let at = 0;
  for (let entry = 0; ; entry += 1) {
    signal?.throwIfAborted();
    if (entry === MOST_ENTRIES) throw new FilesRefused('too-many', 'The archive has too many entries.');
    const block = await bytesAt(archive, at, BLOCK_BYTES);
    if (isZeroBlock(block)) break;
    const header = readHeader(block);
    if (!header) throw new FilesRefused('broken', at === 0 ? 'The file is no tar archive.' : 'The archive is damaged.');
    const content = at + BLOCK_BYTES;
    const bytes = pax?.size ?? header.bytes;
    const end = content + bytes + paddingOf(bytes);
    if (end > archive.size) throw new FilesRefused('broken', 'The archive is cut short.');
    if (header.type === 'x') {
      if (pax) throw new FilesRefused('broken', 'The archive is damaged.');
      pax = await paxAt(archive, content, header.bytes);
    } else {
      const name = pax?.path ?? header.name;
      pax = undefined;
      const path = pathOf(name, header.type);
      if (path !== undefined) {
        if (files.has(path)) throw new FilesRefused('double', `The archive has ${quoted(path)} twice.`);
        files.set(path, { path, content: archive.slice(content, content + bytes) });
      }
    }
    at = end;
  }
  // One block of zeros may be what is left of a file; the end is two.
  if (pax || !isZeroBlock(await bytesAt(archive, at + BLOCK_BYTES, BLOCK_BYTES))) {
    throw new FilesRefused('broken', 'The archive is cut short.');
  }
  return [...files.values()];
}

async function bytesAt(archive: Blob, at: number, bytes: number): Promise<Uint8Array> {
  if (at + bytes > archive.size) throw new FilesRefused('broken', 'The archive is cut short.');
  try {
    return new Uint8Array(await archive.slice(at, at + bytes).arrayBuffer());
  } catch {
    throw new FilesRefused('broken', 'The file cannot be read; it may have been changed or moved.');
  }
}

async function paxAt(archive: Blob, at: number, bytes: number): Promise<ReturnType<typeof readPax>> {
  const pax = bytes > MOST_PAX_BYTES ? undefined : readPax(await bytesAt(archive, at, bytes));
  if (!pax) throw new FilesRefused('broken', 'The archive is damaged.');
  return pax;
}

/** Name of a file without what only means "here"; undefined for a folder. */
function pathOf(name: string, type: string): string | undefined {
  const path = name.replace(/^(\.\/)+/, '');
  if (name === '' || leadsOut(name) || leadsOut(path)) {
    throw new FilesRefused('outside', `The archive names ${quoted(name)}, which leads out of its folder.`);
  }
  if (type === '5') return undefined;
  if (type !== '0') throw new FilesRefused('special', `The archive has ${quoted(name)}, which is no file.`);
  // Old archives mark folders by a slash alone; with content it would be neither.
  if (path.endsWith('/') || path === '')
    throw new FilesRefused('special', `The archive has ${quoted(name)}, which is no file.`);
  return path;
}
