import { WebplatError } from '../../src/protocol/errors.ts';
import { abortable } from '../../src/shared/abort.ts';
import type { Arrival } from './arrival.ts';
import { type ChunkedFile, type ChunkedFiles, chunkSize } from './chunked-files.ts';
import { asStorageError } from './files.ts';
import type { StartHash } from './hash/client.ts';
import type { FileDigest } from './hash/file-hash.ts';
import { SourceFault } from './transfer/fault.ts';
import type { AllowedFetch } from './transfer/fetch-range.ts';
import type { FileSource, LocalSource } from './transfer/source.ts';
import { startTransfer, type Transfer } from './transfer/transfer.ts';

/** A file to have. */
export interface FileRequest {
  /** What the file is known by before its content is: 64 hex digits, the same for the same content. */
  readonly key: string;
  readonly bytes: number;
  /** What is known of the content; undefined where nobody says. */
  readonly expected: { readonly sha256: string } | { readonly gitOid: string } | undefined;
  /** The first one is who says what the content is; others may serve it too. */
  readonly sources: readonly FileSource[];
}

export interface ObtainEnvironment {
  readonly files: ChunkedFiles;
  readonly hash: StartHash;
  readonly fetch: AllowedFetch;
  readonly connections: number;
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Waits where the bandwidth is limited. */
  throttle(bytes: number): Promise<void> | void;
  /** Looks for a file that the browser has already, whoever brought it; no browser is asked, if left out. */
  findInBrowser?(sha256: string, bytes: number): Promise<LocalSource | undefined>;
  /** Called with the name of a source that sent something else than the file. */
  onLiar(source: string): void;
}

/** A file that is about to be brought, and what happens to it on the way. */
export interface ObtainTask {
  readonly request: FileRequest;
  readonly file: ChunkedFile;
  /** Which version of the file its chunks are of, where nothing else says what it is. */
  readonly version: string | undefined;
  readonly arrival: Arrival;
  readonly signal: AbortSignal;
  /** Notes the version that now comes. */
  onVersion(version: string): Promise<void>;
  /** Throws all chunks away; answers the file that takes the place, under another id. */
  renew(): Promise<ChunkedFile>;
}

/** Brings all chunks and checks them; what turns out wrong is brought again from whoever says what the file is. */
export async function obtain(
  environment: ObtainEnvironment,
  task: ObtainTask,
): Promise<{ readonly file: ChunkedFile; readonly digest: FileDigest }> {
  const found = await obtainFromBrowser(environment, task);
  if (found && 'digest' in found) return found;
  return obtainFromSources(environment, found ? { ...task, file: found.file, version: undefined } : task);
}

/** The file, or the empty one to go on with where the browser had another; undefined where nothing changed. */
async function obtainFromBrowser(
  environment: ObtainEnvironment,
  task: ObtainTask,
): Promise<{ readonly file: ChunkedFile; readonly digest: FileDigest } | { readonly file: ChunkedFile } | undefined> {
  const { request, file, arrival, signal } = task;
  const { expected } = request;
  if (!expected || !('sha256' in expected)) return undefined;
  const source = await environment.findInBrowser?.(expected.sha256, request.bytes);
  if (!source) return undefined;
  try {
    const { digest } = await attempt(environment, task, [source]);
    if (isExpected(digest, expected)) return { file, digest };
  } catch (error) {
    signal.throwIfAborted();
    // A full disk is no better with other sources.
    if (error instanceof WebplatError && error.code === 'storage-full') throw error;
  }
  const anew = await task.renew();
  arrival.replace(anew);
  return { file: anew };
}

async function obtainFromSources(
  environment: ObtainEnvironment,
  task: ObtainTask,
): Promise<{ readonly file: ChunkedFile; readonly digest: FileDigest }> {
  const { request, file, arrival } = task;
  const before = (await environment.files.complete(file)).size;
  const first = await attempt(environment, task, request.sources);
  if (isExpected(first.digest, request.expected)) return { file, digest: first.digest };
  const [author] = request.sources;
  const others = [...first.transfer.origins.values()].some((name) => name !== author?.name);
  if (author && (others || before > 0)) {
    const anew = await task.renew();
    arrival.replace(anew);
    const second = await attempt(environment, { ...task, file: anew, version: undefined }, [author]);
    if (isExpected(second.digest, request.expected)) {
      for (const source of liarsOf(first, second.digest)) environment.onLiar(source);
      return { file: anew, digest: second.digest };
    }
  }
  throw new WebplatError('model-corrupt', undefined, { reason: 'A file is not what its source says it is.' });
}

interface Attempt {
  readonly transfer: Transfer;
  readonly digest: FileDigest;
}

function liarsOf({ transfer, digest }: Attempt, right: FileDigest): Set<string> {
  const wrong = [...transfer.origins].filter(([index]) => digest.chunks[index] !== right.chunks[index]);
  return new Set(wrong.map(([, source]) => source));
}

async function attempt(
  { files, hash, fetch, connections, now, pause, throttle }: ObtainEnvironment,
  task: ObtainTask,
  sources: readonly FileSource[],
): Promise<Attempt> {
  const { request, file, arrival, signal } = task;
  const check = hash(file);
  const transfer = startTransfer({
    files,
    file,
    sources,
    fetch,
    connections,
    signal,
    now,
    pause,
    // Where the content is known by its hash, chunks of another version are found out in the end.
    ...(!request.expected && { version: task.version, onVersion: task.onVersion }),
    onBytes(bytes, source) {
      arrival.heard(bytes);
      return 'url' in source ? throttle(bytes) : undefined;
    },
    onLost: arrival.lost,
    onChunk(index) {
      arrival.arrived(index, chunkSize(file.bytes, index));
      check.offer(index);
    },
  });
  arrival.onWant((indexes) => transfer.want(indexes));
  try {
    await transfer.done;
    return { transfer, digest: await abortable(check.digest, signal) };
  } catch (error) {
    check.cancel(error);
    // Nobody could tell a mixture of two versions from the file.
    if (!request.expected && error instanceof SourceFault && error.kind === 'changed') await task.renew();
    throw error instanceof SourceFault ? asWebplatError(error) : asStorageError(error);
  }
}

function isExpected(digest: FileDigest, expected: FileRequest['expected']): boolean {
  if (!expected) return true;
  return 'sha256' in expected ? digest.sha256 === expected.sha256 : digest.gitOid === expected.gitOid;
}

/** What a page or the user is told when no source is left. */
export function asWebplatError({ kind, message, retryAfterMs }: SourceFault): WebplatError {
  const detail = { reason: message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  if (kind === 'refused' || kind === 'forbidden') return new WebplatError('download-refused', undefined, detail);
  return new WebplatError('download-failed', undefined, detail);
}
