import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { CHUNK_BYTES, createChunkedFiles } from '../../offscreen/store/chunked-files.ts';
import { createDisk } from '../../offscreen/store/disk.ts';
import { createFileStore } from '../../offscreen/store/file-store.ts';
import { startFileHash } from '../../offscreen/store/hash/file-hash.ts';
import { createJobs } from '../../offscreen/store/jobs.ts';
import { ModelRecord } from '../../offscreen/store/model-record.ts';
import { createModelStore } from '../../offscreen/store/model-store.ts';
import { createRecords } from '../../offscreen/store/records.ts';
import { createUserFiles } from '../../offscreen/store/user-files.ts';
import { DEFAULT_DOWNLOADS, type DownloadSettings } from '../../src/protocol/settings.ts';
import type { Job } from '../../src/protocol/store.ts';
import { pause } from '../../src/shared/abort.ts';
import { MemoryFolder } from './memory-folder.ts';

import { type TarEntry, tarOf } from './tar.ts';

/** A model that is small, but for weights of more than a chunk. */
export const CONFIG = JSON.stringify({
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  max_position_embeddings: 64,
});
export const WEIGHTS = Uint8Array.from({ length: CHUNK_BYTES + 4321 }, (_, at) => (at * 2_654_435_761) >>> 24);
/** The same, but for one bit. */
export const OTHER = Uint8Array.from(WEIGHTS, (byte, at) => (at === CHUNK_BYTES + 9 ? byte ^ 1 : byte));
export const NAME = 'file:mine';

export type Contents = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;
export const MODEL: Contents = { 'config.json': CONFIG, 'model.safetensors': WEIGHTS, 'tokenizer.json': '{}' };

export const picked = (contents: Contents) =>
  Object.entries(contents).map(([path, content]) => ({ path, file: new Blob([content]) }));
export const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');
const sizeOf = (content: string | Uint8Array) => (typeof content === 'string' ? content.length : content.byteLength);

/** What an export's list says of the files. */
export const listOf = (contents: Contents = MODEL) =>
  Object.entries(contents).map(([path, content]) => ({ path, bytes: sizeOf(content), sha256: sha256(content) }));

/** An export as somebody else may have written it, with anything in its list. */
export function exported(changes: object = {}, contents: Contents = MODEL, order: 'first' | 'last' = 'first'): Blob {
  const files = listOf(contents);
  const json = { webplat: 1, name: 'hf:org/name', licence: 'mit', isPrivate: false, files, ...changes };
  const list: TarEntry = { name: 'webplat-model.json', content: JSON.stringify(json) };
  const entries = Object.entries(contents).map(([name, content]) => ({ name, content }));
  return tarOf(order === 'first' ? [list, ...entries] : [...entries, list]);
}

/** Only folders and no file, but for those that were there before. */
export const expectNothingLeft = ({ root }: UserFilesBench, before: readonly string[] = []) =>
  expect(filesBelow(root).sort()).toEqual([...before].sort());

/** A store in memory without any server, and what the user can do with files. */
export function openUserFiles(settings: Partial<DownloadSettings> = {}, root = new MemoryFolder()) {
  const files = createChunkedFiles(root.handle);
  const current = { ...DEFAULT_DOWNLOADS, ...settings };
  const fetch = () => Promise.reject(new Error('Nothing is fetched.'));
  const now = () => 1_800_000_000_000;
  const fileStore = createFileStore({
    root: root.handle,
    files,
    hash: (file) => startFileHash(files, file),
    fetch,
    connections: 2,
    now: () => performance.now(),
    pause: (ms, signal) => pause(ms / 50, signal),
    throttle() {},
    onLiar() {},
  });
  const disk = createDisk({
    root: root.handle,
    fileStore,
    models: () => models,
    settings: () => current,
    isInUse: () => false,
    estimate: async () => ({ quota: 2 ** 40, usage: 0 }),
  });
  const models = createModelStore({
    files,
    fileStore,
    records: createRecords(root.handle, 'models', ModelRecord),
    fetch,
    settings: () => current,
    token: () => undefined,
    now,
    makeRoom: disk.makeRoom,
    onWrongContent: async () => {},
  });
  const jobs = createJobs();
  const parts = { models, fileStore, files, makeRoom: disk.makeRoom };
  const user = createUserFiles({ parts: async () => parts, jobs, settings: () => current, now });

  /** The job, once it has ended. */
  async function ended(id: string): Promise<Job> {
    for (;;) {
      const job = jobs.list().find((candidate) => candidate.id === id);
      if (!job) throw new Error('There is no such job.');
      if (job.state !== 'running') return job;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  return {
    ...parts,
    root,
    user,
    jobs,
    ended,
    import: async (...args: Parameters<typeof user.importFiles>) => ended(user.importFiles(...args)),
  };
}

export type UserFilesBench = ReturnType<typeof openUserFiles>;

/** Everything that lies below a folder, by path. */
export function filesBelow(folder: MemoryFolder, prefix = ''): string[] {
  return [
    ...[...folder.files.keys()].map((name) => `${prefix}${name}`),
    ...[...folder.folders].flatMap(([name, inner]) => filesBelow(inner, `${prefix}${name}/`)),
  ];
}
