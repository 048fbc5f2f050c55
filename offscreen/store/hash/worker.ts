import * as v from 'valibot';
import { createChunkedFiles } from '../chunked-files.ts';
import { openStoreFolder } from '../store-folder.ts';
import { type FileHash, startFileHash } from './file-hash.ts';
import { type FromHasher, ToHasher } from './messages.ts';

/** Hashes files of the store, so that nothing else waits while it does. */
const jobs = new Map<number, Promise<FileHash>>();
const post = (message: FromHasher) => postMessage(message);
const files = openStoreFolder().then((folder) => {
  if (!folder) throw new Error('There is no private file system.');
  return createChunkedFiles(folder);
});

async function start({ job, file }: Extract<ToHasher, { kind: 'start' }>): Promise<void> {
  const hash = files.then((opened) => startFileHash(opened, file));
  jobs.set(job, hash);
  try {
    const { chunks, ...digest } = await (await hash).digest;
    post({ kind: 'digest', job, digest: { ...digest, chunks: [...chunks] } });
  } catch (error) {
    post({ kind: 'failed', job, message: String(error) });
  } finally {
    jobs.delete(job);
  }
}

self.onmessage = async ({ data }: MessageEvent) => {
  const message = v.parse(ToHasher, data);
  if (message.kind === 'start') return start(message);
  const hash = await jobs.get(message.job)?.catch(() => undefined);
  if (message.kind === 'offer') hash?.offer(message.index);
  else hash?.cancel(new Error('cancelled'));
};
