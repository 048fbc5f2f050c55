import type { ModelCard } from '../../src/protocol/model.ts';
import { parseModelName } from '../../src/protocol/model-name.ts';
import type { DownloadSettings } from '../../src/protocol/settings.ts';
import type { JobAct, StoreState } from '../../src/protocol/store.ts';
import { pause } from '../../src/shared/abort.ts';
import type { Logger } from '../../src/shared/logger.ts';
import { missingBytes } from '../onnx/model-files.ts';
import { artifactBytes, removeArtifacts, sweepArtifacts } from './artifacts.ts';
import { type ChunkedFiles, createChunkedFiles } from './chunked-files.ts';
import { createDisk, type Disk } from './disk.ts';
import { createThrottle } from './download-rules.ts';
import { createDownloads, type Downloads } from './downloads.ts';
import { createFileStore, type FileStore } from './file-store.ts';
import { openPrivateFiles } from './files.ts';
import { createHashClient } from './hash/client.ts';
import { createJobs, type Jobs } from './jobs.ts';
import type { ModelManifest, ModelSource } from './manifest.ts';
import { compiledHash, ModelRecord } from './model-record.ts';
import { createModelStore, type ModelStore } from './model-store.ts';
import { dropOrphans } from './orphans.ts';
import { createPackagedSource } from './packaged-source.ts';
import { createRecords } from './records.ts';
import { findInBrowser } from './sources/cross-origin-storage.ts';
import { createJail } from './sources/jail.ts';
import type { AllowedFetch } from './transfer/fetch-range.ts';
import { createUserFiles, type UserFiles } from './user-files.ts';

export interface StorageEnvironment {
  /** Where packaged files lie. */
  readonly assetBase: URL;
  readonly settings: () => DownloadSettings;
  readonly token: () => string | undefined;
  readonly isInUse: (contentHash: string) => boolean;
  readonly logger: Logger;
  /** Whether what was compiled under this key can still be used. */
  readonly isCurrent: (artifactKey: string) => boolean;
  /** Downloads every file on one connection: what several at once are compared with. */
  readonly inSequence?: boolean;
}

/** All models, wherever they come from. */
export interface Storage extends ModelSource {
  describe(name: string, signal: AbortSignal): Promise<ModelCard | 'private' | undefined>;
  /** Brings all files of a model that are missing, at the user's wish. */
  fetch(name: string): Promise<void>;
  cancel(name: string): boolean;
  remove(name: string): Promise<'removed' | 'in-use' | 'unknown'>;
  pin(name: string, pinned: boolean): Promise<boolean>;
  /** What the user does with files: import, export, check. */
  readonly userFiles: UserFiles;
  actOnJob(act: JobAct): boolean;
  /** Notes which site uses a model. */
  noteSite(name: string, site: string): void;
  /** Forgets sites that hold no grant any more. */
  keepSites(isKept: (site: string) => boolean): Promise<void>;
  state(): Promise<StoreState>;
  /** To be called when the settings have changed. */
  settingsChanged(): void;
}

interface Parts {
  readonly models: ModelStore;
  readonly files: ChunkedFiles;
  readonly disk: Disk;
  readonly fileStore: FileStore;
  readonly root: FileSystemDirectoryHandle;
}

/** Connections of one file's download at a time; browsers open six to a host. */
const CONNECTIONS = 4;

export function createStorage(environment: StorageEnvironment): Storage {
  const { settings, logger } = environment;
  const packaged = createPackagedSource(environment.assetBase);
  const jail = createJail(settings().hosts);
  const now = () => Date.now();
  const downloads = createDownloads(now);
  const jobs = createJobs((error) => logger.warn('work on files failed', { error: String(error) }));
  const noted = new Set<string>();
  const parts = openPrivateFiles().then((root) => root && compose(environment, root, jail.fetch));
  parts.then((opened) => opened && tidy(opened, environment)).catch(() => logger.warn('the store could not be tidied'));

  async function bringAll(manifest: ModelManifest, signal: AbortSignal): Promise<void> {
    const { name } = manifest.card;
    const files = (await need()).models.open(manifest, signal, (present, total) =>
      downloads.note(name, present, total),
    );
    const paths = manifest.files.map(({ path }) => path);
    await Promise.all(paths.map(files.open));
    await files.checked(paths);
  }

  async function need(): Promise<Parts> {
    const opened = await parts;
    if (!opened) throw new Error('There is no private file system.');
    return opened;
  }

  const userFiles = createUserFiles({
    parts: async () => {
      const { disk, ...opened } = await need();
      return { ...opened, makeRoom: disk.makeRoom };
    },
    jobs,
    settings,
    now,
  });

  return {
    async list() {
      return [...(await packaged.list()), ...((await (await parts)?.models.list()) ?? [])];
    },
    async resolve(name, signal) {
      if (parseModelName(name)?.scheme === 'packaged') return packaged.resolve(name);
      return (await parts)?.models.resolve(name, signal);
    },
    open(manifest, signal, onBytes) {
      const { name, source } = manifest.card;
      if (source === 'packaged') return packaged.open(manifest, signal, onBytes);
      // Without this promise a browser that is short of disk may remove what was downloaded.
      void navigator.storage.persist?.().catch(() => logger.info('the browser does not promise to keep models'));
      const files = need().then(({ models }) =>
        models.open(manifest, signal, (present, total) => {
          downloads.note(name, present, total);
          onBytes(present, total);
        }),
      );
      return {
        open: async (path) => (await files).open(path),
        chunk: async (path, index) => (await files).chunk(path, index),
        checked: async (paths) => (await files).checked(paths),
      };
    },
    async describe(name, signal) {
      if (parseModelName(name)?.scheme === 'packaged') return (await packaged.resolve(name))?.card;
      return (await parts)?.models.describe(name, signal);
    },
    fetch: (name) =>
      downloads.run(name, async (signal) => {
        const manifest = await (await need()).models.resolve(name, signal);
        if (manifest) await bringAll(manifest, signal);
      }),
    cancel: downloads.cancel,
    async remove(name) {
      const { models, disk } = await need();
      const record = await models.record(name);
      if (!record) return 'unknown';
      if (environment.isInUse(record.contentHash)) return 'in-use';
      downloads.cancel(name);
      jobs.forget(name);
      await disk.remove(record);
      return 'removed';
    },
    async pin(name, pinned) {
      // Such a model is never removed; that it is loaded when the browser starts, others note.
      if (parseModelName(name)?.scheme === 'packaged') return (await packaged.resolve(name)) !== undefined;
      const { models } = await need();
      if (!(await models.record(name))) return false;
      await models.update(name, (record) => ({ ...record, pinned }));
      return true;
    },
    userFiles,
    actOnJob: ({ job, act }) => (act === 'stop' ? jobs.stop(job) : jobs.dismiss(job)),
    noteSite(name, site) {
      const key = `${name} ${site}`;
      if (noted.has(key)) return;
      noted.add(key);
      parts
        .then((opened) =>
          opened?.models.update(name, (record) =>
            record.sites.includes(site) ? record : { ...record, sites: [...record.sites, site].slice(-256) },
          ),
        )
        .catch(() => noted.delete(key));
    },
    async keepSites(isKept) {
      noted.clear();
      const models = (await parts)?.models;
      for (const { card } of (await models?.records()) ?? []) {
        await models?.update(card.name, (record) =>
          record.sites.every(isKept) ? record : { ...record, sites: record.sites.filter(isKept) },
        );
      }
    },
    state: async () => stateOf(await parts, environment, downloads, jobs),
    settingsChanged: () => jail.allow(settings().hosts),
  };
}

async function compose(
  environment: StorageEnvironment,
  root: FileSystemDirectoryHandle,
  fetch: AllowedFetch,
): Promise<Parts> {
  const { settings, token, isInUse, logger, inSequence } = environment;
  const folder = await root.getDirectoryHandle('store', { create: true });
  const files = createChunkedFiles(folder);
  const now = () => Date.now();
  const fileStore = createFileStore({
    root: folder,
    files,
    hash: createHashClient(),
    fetch,
    connections: inSequence ? 1 : CONNECTIONS,
    now,
    pause,
    throttle: createThrottle(
      () => settings().bandwidthBytesPerS,
      now,
      (ms) => pause(ms, new AbortController().signal),
    ),
    findInBrowser,
    onLiar: (source) => logger.warn('a source sent something else than the file', { source }),
  });
  const disk = createDisk({ root, fileStore, models: () => models, settings, isInUse });
  const models = createModelStore({
    files,
    fileStore,
    records: createRecords(folder, 'models', ModelRecord),
    fetch,
    settings,
    token,
    now,
    makeRoom: disk.makeRoom,
    onWrongContent: (contentHash) => removeArtifacts(root, contentHash),
  });
  await dropOrphans(models, fileStore).catch(() =>
    logger.warn('files that no model has are kept: a record cannot be read'),
  );
  return { models, files, disk, fileStore, root };
}

/** Removes what crashes, older versions and removed models left behind. */
export async function tidy(
  { models, fileStore, root }: Pick<Parts, 'models' | 'fileStore' | 'root'>,
  { isCurrent }: Pick<StorageEnvironment, 'isCurrent'>,
): Promise<void> {
  const records = await models.records('complete');
  const all = records.flatMap(({ files }) => files);
  await fileStore.sweep(new Set(all.map(({ key }) => key)), new Set(all.flatMap(({ sha256 }) => sha256 ?? [])));
  await sweepArtifacts(root, isCurrent);
}

async function stateOf(
  parts: Parts | undefined,
  { isInUse }: StorageEnvironment,
  downloads: Downloads,
  jobs: Jobs,
): Promise<StoreState> {
  if (!parts) {
    return { models: [], downloads: [], jobs: [], filesBytes: 0, compiledBytes: 0, persisted: false, available: false };
  }
  const { models, disk, fileStore, root } = parts;
  const [records, stored, use, persisted] = await Promise.all([
    models.records(),
    fileStore.stored(),
    disk.use(),
    navigator.storage.persisted(),
  ]);
  return {
    models: await Promise.all(
      records.map(async ({ card, files, contentHash, base, pinned, addedAt, lastUsedAt, sites, ...more }) => {
        const here = files.filter(({ sha256 }) => sha256 !== undefined && stored.has(sha256));
        const storedBytes = here.reduce((sum, { bytes }) => sum + bytes, 0);
        return {
          card: { ...card, downloadBytes: missingBytes(files, (file) => here.includes(file)) },
          storedBytes,
          compiledBytes: await artifactBytes(root, compiledHash({ contentHash, base })),
          pinned,
          inUse: isInUse(contentHash),
          addedAt,
          lastUsedAt,
          sites: [...sites],
          ...(more.commit !== undefined && { commit: more.commit }),
          isPrivate: more.isPrivate,
          fromArchive: more.fromArchive,
        };
      }),
    ),
    downloads: downloads.list(),
    jobs: jobs.list(),
    filesBytes: use.filesBytes,
    compiledBytes: use.artifactsBytes,
    ...(use.freeBytes !== undefined && { freeBytes: use.freeBytes }),
    persisted,
    available: true,
  };
}
