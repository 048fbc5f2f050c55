import { createSHA1, createSHA256 } from 'hash-wasm';
import { type ChunkedFile, type ChunkedFiles, chunkCount } from '../chunked-files.ts';
import { sha256 } from '../digest.ts';

/** What the content of a file comes to. */
export interface FileDigest {
  /** Lower-case hex. */
  readonly sha256: string;
  /** The name that git gives the content: SHA-1 of `blob SIZE`, a zero byte and the content. Empty for large files. */
  readonly gitOid: string;
  /** SHA-256 of each chunk, by which a damaged one is found later. */
  readonly chunks: readonly string[];
}

/** The hash of a file whose chunks arrive in any order. */
export interface FileHash {
  /** Says that a chunk is on disk. */
  offer(index: number): void;
  /** Settles when all chunks were offered and read, in their order. @throws RangeError when one is gone again. */
  readonly digest: Promise<FileDigest>;
  /** Rejects the digest with `reason`. */
  cancel(reason: unknown): void;
}

/** Hubs keep what git cannot hold well elsewhere, and name that by SHA-256. */
const GIT_CHUNKS = 4;

/** Hashes in this thread, chunk by chunk as they come. */
export function startFileHash(files: ChunkedFiles, file: ChunkedFile): FileHash {
  const offered = new Set<number>();
  let wake = () => {};
  let cancelled: { readonly reason: unknown } | undefined;

  async function whenOffered(index: number): Promise<void> {
    while (!offered.has(index) && !cancelled) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (cancelled) throw cancelled.reason;
  }

  async function run(): Promise<FileDigest> {
    const [whole, git] = await Promise.all([createSHA256(), createSHA1()]);
    git.update(`blob ${file.bytes}\0`);
    const chunks: string[] = [];
    const named = chunkCount(file.bytes) <= GIT_CHUNKS;
    for (let index = 0; index < chunkCount(file.bytes); index += 1) {
      await whenOffered(index);
      const chunk = await files.chunk(file, index);
      if (!chunk) throw new RangeError('A chunk is gone.');
      const content = new Uint8Array(await chunk.arrayBuffer());
      whole.update(content);
      if (named) git.update(content);
      chunks.push(await sha256(content));
    }
    return { sha256: whole.digest('hex'), gitOid: named ? git.digest('hex') : '', chunks };
  }

  const digest = run();
  digest.catch(() => {});
  return {
    offer(index) {
      offered.add(index);
      wake();
    },
    digest,
    cancel(reason) {
      cancelled ??= { reason };
      wake();
    },
  };
}
