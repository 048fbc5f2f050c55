import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import { Bytes } from '../../src/protocol/scalars.ts';
import { abortable, onAbort } from '../../src/shared/abort.ts';
import { createArrival } from './arrival.ts';
import { type ChunkedFile, type ChunkedFiles, chunkCount } from './chunked-files.ts';
import { damagedChunks } from './damaged-chunks.ts';
import { sha256 as sha256Of } from './digest.ts';
import type { FileDigest } from './hash/file-hash.ts';
import { type FileRequest, type ObtainEnvironment, obtain } from './obtain.ts';
import { createRecords, type Records } from './records.ts';
import type { LocalSource } from './transfer/source.ts';

const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const Id = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

/** A file whose content was checked. Keyed by its SHA-256. */
const StoredRecord = v.strictObject({
  id: Id,
  bytes: Bytes,
  chunks: v.array(Sha256),
  /** Of the request that brought it, by which it is found where nobody noted its hash before the browser ended. */
  key: v.optional(Sha256),
});
/** A file on its way. Keyed by the request's key. */
const PartialRecord = v.strictObject({
  id: Id,
  bytes: Bytes,
  /** What the source called the version that the chunks are of; only of files that nobody else says anything of. */
  version: v.optional(v.string()),
});

/** A file whose content was checked. */
export interface StoredFile {
  readonly sha256: string;
  readonly file: ChunkedFile;
}

/** A file on its way, as those who wait for it see it. */
export interface FileJob {
  readonly file: ChunkedFile;
  /** Whether what came first was wrong: chunks are not given out any more, until all of it is checked. */
  readonly replaced: boolean;
  /** Settles when all of it is there and checked. */
  readonly stored: Promise<StoredFile>;
  /** Settles when a chunk is on disk, checked or not; it is fetched before others. */
  chunk(index: number, signal: AbortSignal): Promise<void>;
  /** Bytes that are on disk. */
  readonly presentBytes: number;
  /** Those, and bytes of pieces that are on their way. */
  readonly arrivedBytes: number;
  /** Calls `listener` as bytes arrive; returns a function that stops it. */
  watch(listener: () => void): () => void;
}

export interface FileStoreEnvironment extends ObtainEnvironment {
  readonly root: FileSystemDirectoryHandle;
}

/** Files by content: each once, however many models and sites use it. */
export interface FileStore {
  find(sha256: string): Promise<StoredFile | undefined>;
  /** What a request with this key has brought. */
  findByKey(key: string): Promise<StoredFile | undefined>;
  /** Fetches a file, once however many ask; goes on while one of them waits. */
  fetch(request: FileRequest, signal: AbortSignal): Promise<FileJob>;
  /** Takes over a file that lies in the store's folder already, once its content is checked. */
  adopt(file: ChunkedFile): Promise<StoredFile>;
  /**
   * Reads every byte of a file; what is damaged is removed and fetched anew at the next load.
   *
   * @param onBytes is called with the size of every piece that was read.
   */
  check(
    sha256: string,
    signal?: AbortSignal,
    onBytes?: (bytes: number) => void,
  ): Promise<'intact' | 'damaged' | 'missing'>;
  /** Whether bytes at hand are those of a stored file, chunk by chunk; nothing is written. False for one that is not stored. */
  matches(sha256: string, source: LocalSource, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<boolean>;
  remove(sha256: string): Promise<void>;
  /** Drops what has come of a file that is not complete, unless somebody waits for it. */
  discard(key: string): Promise<void>;
  stored(): Promise<ReadonlyMap<string, ChunkedFile>>;
  /** Bytes on disk of files that are not complete, by the key of their request. */
  partialBytes(): Promise<ReadonlyMap<string, number>>;
  /** Removes what no record names, and unfinished files that `keys` does not; with `hashes`, others that neither names. */
  sweep(keys: ReadonlySet<string>, hashes?: ReadonlySet<string>): Promise<void>;
}

interface Running {
  readonly job: FileJob;
  readonly abort: AbortController;
  waiters: number;
}

export function createFileStore(environment: FileStoreEnvironment): FileStore {
  const { root, files } = environment;
  const records = {
    stored: createRecords(root, 'stored', StoredRecord),
    partial: createRecords(root, 'partial', PartialRecord),
  };
  const running = new Map<string, Promise<Running>>();
  /** Bytes of unfinished files that nobody is at, by id: their many chunks need not be looked at again. */
  const counted = new Map<string, number>();

  async function find(sha256: string): Promise<StoredFile | undefined> {
    const record = await records.stored.get(sha256);
    return record && { sha256, file: { id: record.id, bytes: record.bytes } };
  }

  async function findByKey(key: string): Promise<StoredFile | undefined> {
    for (const [sha256, { id, bytes, key: own }] of await records.stored.all()) {
      if (own === key) return { sha256, file: { id, bytes } };
    }
    return undefined;
  }

  async function commit(file: ChunkedFile, digest: FileDigest, key?: string): Promise<StoredFile> {
    const known = await find(digest.sha256);
    if (known && known.file.id !== file.id) {
      await files.remove(file.id);
      return known;
    }
    const { id, bytes } = file;
    await records.stored.set(digest.sha256, { id, bytes, chunks: [...digest.chunks], ...(key && { key }) });
    return { sha256: digest.sha256, file };
  }

  /** A file without a chunk in place of another one, of which nothing is kept. */
  async function renew({ key, bytes }: FileRequest, old: ChunkedFile | undefined): Promise<ChunkedFile> {
    const file = files.create(bytes);
    await records.partial.set(key, { id: file.id, bytes });
    if (old) await files.remove(old.id);
    return file;
  }

  async function begin(request: FileRequest): Promise<Running> {
    const known = await records.partial.get(request.key);
    const file = known && canGoOn(known, request) ? known : await renew(request, known);
    counted.delete(file.id);
    const abort = new AbortController();
    const arrival = createArrival(file);
    const stored = obtain(environment, {
      request,
      file,
      version: known?.version,
      arrival,
      signal: abort.signal,
      onVersion: (version) => records.partial.set(request.key, { id: file.id, bytes: file.bytes, version }),
      renew: () => renew(request, file),
    }).then(
      async ({ file: brought, digest }) => {
        const kept = await commit(brought, digest, request.key);
        await records.partial.remove(request.key);
        return kept;
      },
      async (error: unknown) => {
        if (error instanceof WebplatError && error.code === 'model-corrupt') {
          await records.partial.remove(request.key);
          await files.remove(arrival.job.file.id);
        }
        arrival.fail(error);
        throw error;
      },
    );
    stored.catch(() => {});
    const settle = () => running.delete(request.key);
    stored.then(settle, settle);
    // Not spread: a copy of its counters would stand still.
    return { job: Object.assign(arrival.job, { stored }), abort, waiters: 0 };
  }

  return {
    find,
    findByKey,
    async fetch(request, signal) {
      signal.throwIfAborted();
      const started = running.get(request.key) ?? begin(request);
      running.set(request.key, started);
      const entry = await started.catch((error: unknown) => {
        running.delete(request.key);
        throw error;
      });
      entry.waiters += 1;
      const stop = onAbort(signal, () => {
        entry.waiters -= 1;
        if (entry.waiters === 0) entry.abort.abort(signal.reason);
      });
      entry.job.stored.then(stop, stop);
      return entry.job;
    },
    async adopt(file) {
      const hash = environment.hash(file);
      for (let index = 0; index < chunkCount(file.bytes); index += 1) hash.offer(index);
      return commit(file, await hash.digest);
    },
    async check(sha256, signal, onBytes = () => {}) {
      const record = await records.stored.get(sha256);
      if (!record) return 'missing';
      const damaged = await damagedChunks(files, record, signal, onBytes);
      if (damaged.length === 0) return 'intact';
      // What is left is worth keeping: the file becomes one that is not complete.
      await records.stored.remove(sha256);
      await files.dropChunks(record, damaged);
      await records.partial.set(sha256, { id: record.id, bytes: record.bytes });
      return 'damaged';
    },
    async matches(sha256, source, signal, onBytes) {
      const record = await records.stored.get(sha256);
      if (!record) return false;
      for (const [index, hash] of record.chunks.entries()) {
        const content = await abortable(source.readChunk(index), signal);
        if ((await sha256Of(content)) !== hash) return false;
        onBytes(content.byteLength);
      }
      return true;
    },
    async remove(sha256) {
      const record = await records.stored.get(sha256);
      await records.stored.remove(sha256);
      if (record) await files.remove(record.id);
    },
    async discard(key) {
      const current = await running.get(key)?.catch(() => undefined);
      if (current && current.waiters > 0) return;
      // What was aborted may still be at its last write.
      await current?.job.stored.catch(() => {});
      const partial = await records.partial.get(key);
      await records.partial.remove(key);
      if (partial) await files.remove(partial.id);
    },
    async stored() {
      const all = await records.stored.all();
      return new Map([...all].map(([sha256, { id, bytes }]) => [sha256, { id, bytes }]));
    },
    async partialBytes() {
      const found = new Map<string, number>();
      for (const [key, record] of await records.partial.all()) {
        const current = await running.get(key)?.catch(() => undefined);
        const bytes = current?.job.presentBytes ?? counted.get(record.id) ?? (await presentBytes(files, record));
        if (!current) counted.set(record.id, bytes);
        found.set(key, bytes);
      }
      return found;
    },
    sweep: (keys, hashes) => sweep(files, records, { keys, hashes }, running),
  };
}

/** Whether chunks of an earlier attempt are of the file that is wanted now, or will be found out where they are not. */
const canGoOn = (known: v.InferOutput<typeof PartialRecord>, { bytes, expected }: FileRequest): boolean =>
  known.bytes === bytes && (expected !== undefined || known.version !== undefined);

async function presentBytes(files: ChunkedFiles, file: ChunkedFile): Promise<number> {
  let bytes = 0;
  for (let index = 0; index < chunkCount(file.bytes); index += 1) bytes += (await files.chunk(file, index))?.size ?? 0;
  return bytes;
}

async function sweep(
  files: ChunkedFiles,
  records: {
    stored: Records<v.InferOutput<typeof StoredRecord>>;
    partial: Records<v.InferOutput<typeof PartialRecord>>;
  },
  { keys, hashes }: { readonly keys: ReadonlySet<string>; readonly hashes: ReadonlySet<string> | undefined },
  running: ReadonlyMap<string, unknown>,
): Promise<void> {
  // In this order, since others go on meanwhile: a file is named before it lies anywhere, as one on its way first.
  const ids = await files.ids();
  const partial = await records.partial.all('complete');
  const stored = await records.stored.all('complete');
  const used = new Set<string>();
  for (const [sha256, { id, key }] of stored) {
    if (!hashes || hashes.has(sha256) || (key && keys.has(key))) used.add(id);
    else await records.stored.remove(sha256);
  }
  for (const [key, { id }] of partial) {
    // A crash between two writes leaves a file that is complete and on its way at once.
    if (!running.has(key) && (used.has(id) || !keys.has(key))) await records.partial.remove(key);
    else used.add(id);
  }
  for (const id of ids) if (!used.has(id)) await files.remove(id);
}
