import * as v from 'valibot';
import type { ChunkedFile } from '../chunked-files.ts';
import type { FileDigest, FileHash } from './file-hash.ts';
import { FromHasher, type ToHasher } from './messages.ts';

/** Starts the hash of a file of the store. */
export type StartHash = (file: ChunkedFile) => FileHash;

interface Job {
  resolve(digest: FileDigest): void;
  reject(error: unknown): void;
}

const spawnHasher = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'webplat hash' });

/** A worker with nothing to do for this long is ended. */
const IDLE_MS = 30_000;

/** Hashes in a worker, which starts with the first file and ends when there are none. */
export function createHashClient(spawn: () => Worker = spawnHasher): StartHash {
  const jobs = new Map<number, Job>();
  let worker: Worker | undefined;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let last = 0;

  function end(error: Error): void {
    worker?.terminate();
    worker = undefined;
    for (const { reject } of jobs.values()) reject(error);
    jobs.clear();
  }

  function ensure(): Worker {
    clearTimeout(idle);
    if (worker) return worker;
    worker = spawn();
    worker.onmessage = ({ data }) => {
      const message = v.safeParse(FromHasher, data);
      if (!message.success) return end(new Error('The hash worker said something else.'));
      const { job } = message.output;
      if (message.output.kind === 'digest') jobs.get(job)?.resolve(message.output.digest);
      else jobs.get(job)?.reject(new Error(message.output.message));
      settle(job);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end(new Error('The hash worker stopped.'));
    };
    return worker;
  }

  function settle(job: number): void {
    jobs.delete(job);
    if (jobs.size === 0) idle = setTimeout(() => end(new Error('idle')), IDLE_MS);
  }

  return (file) => {
    const post = (message: ToHasher) => ensure().postMessage(message);
    last += 1;
    const job = last;
    const digest = new Promise<FileDigest>((resolve, reject) => jobs.set(job, { resolve, reject }));
    digest.catch(() => {});
    post({ kind: 'start', job, file: { id: file.id, bytes: file.bytes } });
    return {
      offer(index) {
        if (jobs.has(job)) post({ kind: 'offer', job, index });
      },
      digest,
      cancel(reason) {
        if (!jobs.has(job)) return;
        post({ kind: 'cancel', job });
        jobs.get(job)?.reject(reason);
        settle(job);
      },
    };
  };
}
