import { WebplatError } from '../../src/protocol/errors.ts';
import { bytesOfBlob, type ModelBytes } from '../checkpoint/model-bytes.ts';
import { CHUNK_BYTES, type ChunkedFiles, createChunkedFiles } from './chunked-files.ts';
import { sha256 } from './digest.ts';
import type { FileAccess, ModelFile, ModelFiles } from './manifest.ts';
import { openStoreFolder } from './store-folder.ts';

/** The files of a model as an engine's worker reads them, wherever they lie and whether or not all of them is there yet. */
export interface ModelReader {
  readonly paths: readonly string[];
  /** @throws WebplatError `model-corrupt` when it is missing, cut short or altered. */
  open(path: string): Promise<ModelBytes>;
  /** All of a file as a blob that is read piece by piece, when all of it is there and was compared with what its source says. */
  blob(path: string): Promise<Blob>;
  /** Another string for another content that a file had or has, whether or not it was right. */
  identity(path: string): Promise<string>;
  /** Content of a JSON file; undefined where the model has no such file. Settles when it was compared with what its source says. */
  json(path: string): Promise<unknown>;
  text(path: string): Promise<string | undefined>;
  /** Settles when these files were compared with what their source says of them. */
  checked(paths: readonly string[]): Promise<void>;
}

interface OpenedFile {
  /** @throws WebplatError `model-corrupt` */
  readonly blob: () => Promise<Blob>;
  readonly identity: string;
  readonly bytes: ModelBytes;
}

const corrupt = (reason: string) => new WebplatError('model-corrupt', undefined, { reason });

/** Small files are read as a whole; nothing that is text is longer. */
const MOST_TEXT_BYTES = 64 * 2 ** 20;

export function createModelReader(
  files: readonly ModelFile[],
  service: ModelFiles,
  signal: AbortSignal,
  openStore: () => Promise<ChunkedFiles> = openStoreFiles,
): ModelReader {
  const opened = new Map<string, Promise<OpenedFile>>();
  let store: Promise<ChunkedFiles> | undefined;

  async function bring(path: string): Promise<OpenedFile> {
    if (!files.some((file) => file.path === path)) throw corrupt(`The model has no ${path}.`);
    const access = await service.open(path);
    if (access.kind === 'url') {
      const content = await fetchChecked(path, access, signal);
      return { identity: access.sha256, bytes: bytesOfBlob(content), blob: async () => content };
    }
    store ??= openStore();
    const stored = await store;
    const blob = async () => {
      if (!access.complete && access.bytes > 0) await service.chunk(path, 0);
      // Whoever read of what turned out to be another file is told here.
      await service.checked([path]);
      const whole = await stored.blob({ id: access.id, bytes: access.bytes });
      if (!whole) throw corrupt(`${path} cannot be read.`);
      return whole;
    };
    return { identity: access.id, bytes: chunkedBytes(path, access, service, stored), blob };
  }

  function ensureOpen(path: string): Promise<OpenedFile> {
    const known = opened.get(path) ?? bring(path);
    opened.set(path, known);
    return known;
  }

  const open = async (path: string) => (await ensureOpen(path)).bytes;

  async function text(path: string): Promise<string | undefined> {
    if (!files.some((file) => file.path === path)) return undefined;
    const file = await open(path);
    if (file.size > MOST_TEXT_BYTES) throw corrupt(`${path} is too long.`);
    const content = await file.read(0, file.size);
    // Nothing is made of it first that could be thrown away later, as there is of weights.
    await service.checked([path]);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(content);
    } catch (error) {
      throw error instanceof WebplatError ? error : corrupt(`${path} is not text.`);
    }
  }

  return {
    paths: files.map(({ path }) => path),
    open,
    blob: async (path) => (await ensureOpen(path)).blob(),
    identity: async (path) => (await ensureOpen(path)).identity,
    text,
    async json(path) {
      const content = await text(path);
      if (content === undefined) return undefined;
      try {
        return JSON.parse(content);
      } catch {
        throw corrupt(`${path} is not JSON.`);
      }
    },
    checked: service.checked,
  };
}

async function openStoreFiles(): Promise<ChunkedFiles> {
  const folder = await openStoreFolder();
  if (!folder) throw corrupt('The private file system cannot be opened.');
  return createChunkedFiles(folder);
}

/** The content of a packaged file, compared with its hash. */
async function fetchChecked(
  path: string,
  { url, bytes, sha256: expected }: FileAccess & { kind: 'url' },
  signal: AbortSignal,
): Promise<Blob> {
  const response = await fetch(url, { signal }).catch((error) => {
    signal.throwIfAborted();
    throw corrupt(`${path} cannot be read (${error instanceof Error ? error.name : 'error'}).`);
  });
  if (!response.ok) throw corrupt(`${path} cannot be read.`);
  const content = new Uint8Array(await response.arrayBuffer());
  if (content.byteLength !== bytes) throw corrupt(`${path} has ${content.byteLength} of ${bytes} bytes.`);
  if ((await sha256(content)) !== expected) throw corrupt(`${path} is not what was packaged.`);
  return new Blob([content]);
}

/** A file of the store; what is not on disk yet is waited for. */
function chunkedBytes(
  path: string,
  { id, bytes, complete }: FileAccess & { kind: 'chunks' },
  service: ModelFiles,
  store: ChunkedFiles,
): ModelBytes {
  const file = { id, bytes };

  async function part(index: number, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!complete) await service.chunk(path, index);
    const chunk = await store.chunk(file, index);
    const content = await chunk
      ?.slice(begin, end)
      .arrayBuffer()
      .catch(() => undefined);
    if (content?.byteLength !== end - begin) throw corrupt(`${path} cannot be read.`);
    return new Uint8Array(content);
  }

  return {
    size: bytes,
    async read(begin, end) {
      if (begin < 0 || end > bytes || begin > end) throw corrupt(`${path} is shorter than it should be.`);
      const [first, last] = [Math.floor(begin / CHUNK_BYTES), Math.floor((end - 1) / CHUNK_BYTES)];
      if (end === begin) return new Uint8Array(0);
      if (first === last) return part(first, begin - first * CHUNK_BYTES, end - first * CHUNK_BYTES);
      const whole = new Uint8Array(end - begin);
      for (let index = first; index <= last; index += 1) {
        const start = index * CHUNK_BYTES;
        const [from, to] = [Math.max(begin, start), Math.min(end, start + CHUNK_BYTES)];
        whole.set(await part(index, from - start, to - start), from - begin);
      }
      return whole;
    },
  };
}
