import { WebplatError } from '../../src/protocol/errors.ts';
import { expectedFiles } from '../onnx/model-files.ts';
import { replacedError } from './arrival.ts';
import { assertConnectionAllowed } from './download-rules.ts';
import type { FileJob } from './file-store.ts';
import type { FileAccess, ModelFiles, ModelManifest } from './manifest.ts';
import { compiledHash, type ModelRecord, type RecordedFile, requestOf } from './model-record.ts';
import type { ModelStoreEnvironment } from './model-store.ts';

type OpenEnvironment = Pick<
  ModelStoreEnvironment,
  'fileStore' | 'settings' | 'token' | 'makeRoom' | 'onWrongContent' | 'now'
> & {
  readonly record: (name: string) => Promise<ModelRecord | undefined>;
  readonly update: (name: string, change: (record: ModelRecord) => ModelRecord) => Promise<void>;
};

interface OpenedFile {
  readonly access: FileAccess;
  readonly job?: FileJob;
  /** Settles when all of it is there, was checked, and the model knows it by its content. */
  readonly noted?: Promise<void>;
}

/** The files of a stored model while it is loaded: what is missing is brought as it is opened. */
export function openStoredFiles(
  environment: OpenEnvironment,
  manifest: ModelManifest,
  signal: AbortSignal,
  onBytes: (present: number, total: number) => void,
): ModelFiles {
  const { fileStore, settings, token, now } = environment;
  const { name } = manifest.card;
  const opened = new Map<string, Promise<OpenedFile>>();
  /** Files of which chunks were given out before they were checked. */
  const read = new Set<string>();
  let roomMade: Promise<void> | undefined;

  async function recordOf(): Promise<ModelRecord> {
    const found = await environment.record(name);
    if (found?.contentHash !== manifest.contentHash) throw new WebplatError('unknown-model');
    return found;
  }

  async function fileOf(path: string): Promise<{ record: ModelRecord; file: RecordedFile }> {
    const record = await recordOf();
    const file = record.files.find((candidate) => candidate.path === path);
    if (!file) throw new WebplatError('model-corrupt', undefined, { reason: `The model has no ${path}.` });
    return { record, file };
  }

  /** Room for everything of the model that is not there, made once, before the first byte. */
  async function ensureRoom({ files }: ModelRecord): Promise<void> {
    const arrived = await fileStore.partialBytes();
    const need = { bytes: 0, checkpointBytes: 0 };
    const stored = await fileStore.stored();
    const isHere = ({ sha256 }: RecordedFile) => sha256 !== undefined && stored.has(sha256);
    for (const file of expectedFiles(files, isHere)) {
      const { key, bytes } = file;
      if (isHere(file)) continue;
      need.bytes += bytes - (arrived.get(key) ?? 0);
      need.checkpointBytes += bytes;
    }
    await environment.makeRoom(need, name);
  }

  async function bring(path: string): Promise<OpenedFile> {
    const { record, file } = await fileOf(path);
    const { bytes } = file;
    const kept = file.sha256 ? await fileStore.find(file.sha256) : await fileStore.findByKey(file.key);
    if (kept && file.sha256 === undefined) await noteHash(path, kept.sha256);
    if (kept) return { access: { kind: 'chunks', bytes, id: kept.file.id, complete: true } };
    if (file.urls.length === 0) {
      const reason = `${path} is damaged or gone, and is nowhere to be had from. Import the model again.`;
      throw new WebplatError('model-corrupt', undefined, { reason });
    }
    assertConnectionAllowed(settings());
    roomMade ??= ensureRoom(record);
    await roomMade;
    const bearer = record.isPrivate ? token() : undefined;
    const headers: Record<string, string> = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const job = await fileStore.fetch(requestOf(file, headers), signal);
    const noted = job.stored.then(
      ({ sha256 }) => noteHash(path, sha256),
      async (error: unknown) => {
        await noteWrong(error);
        throw error;
      },
    );
    noted.catch(() => {});
    if (job.replaced) {
      // Those who read of it before begin again; whoever comes now takes it when it is checked.
      await job.stored;
      return bring(path);
    }
    const stop = job.watch(() => tell());
    const end = () => {
      stop();
      tell();
    };
    job.stored.then(end, () => {
      givenUp.add(job);
      end();
    });
    return { access: { kind: 'chunks', bytes, id: job.file.id, complete: false }, job, noted };
  }

  async function noteHash(path: string, sha256: string): Promise<void> {
    await environment.update(name, (record) => {
      if (!record.files.some((file) => file.path === path && file.sha256 !== sha256)) return record;
      return { ...record, files: record.files.map((file) => (file.path === path ? { ...file, sha256 } : file)) };
    });
  }

  async function noteWrong(error: unknown): Promise<void> {
    if (error instanceof WebplatError && error.code === 'model-corrupt') {
      await environment.onWrongContent(compiledHash(manifest));
    }
  }

  const jobs: FileJob[] = [];
  /** Those that were given up or failed: nothing more comes of them. */
  const givenUp = new Set<FileJob>();
  function tell(): void {
    let present = 0;
    let total = 0;
    for (const job of jobs.filter((one) => !givenUp.has(one))) {
      present += job.presentBytes;
      total += job.file.bytes;
    }
    onBytes(present, total);
  }

  environment.update(name, (record) => ({ ...record, lastUsedAt: now() })).catch(() => {});

  return {
    async open(path) {
      const known = opened.get(path) ?? bring(path);
      opened.set(path, known);
      const { access, job } = await known;
      if (job && !jobs.includes(job)) jobs.push(job);
      return access;
    },
    async chunk(path, index) {
      const file = await opened.get(path);
      await file?.job?.chunk(index, signal);
      read.add(path);
    },
    async checked(paths) {
      await Promise.all(
        paths.map(async (path) => {
          const { job, noted } = (await opened.get(path)) ?? {};
          await noted;
          if (job?.replaced && read.has(path)) throw replacedError();
        }),
      );
    },
  };
}
