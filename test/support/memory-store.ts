import { createArtifactStore } from '../../offscreen/store/artifacts.ts';
import { createChunkedFiles } from '../../offscreen/store/chunked-files.ts';
import { createDisk } from '../../offscreen/store/disk.ts';
import { createFileStore } from '../../offscreen/store/file-store.ts';
import { startFileHash } from '../../offscreen/store/hash/file-hash.ts';
import { ModelRecord } from '../../offscreen/store/model-record.ts';
import { createModelStore } from '../../offscreen/store/model-store.ts';
import { createRecords } from '../../offscreen/store/records.ts';
import { tidy } from '../../offscreen/store/storage.ts';
import type { AllowedFetch } from '../../offscreen/store/transfer/fetch-range.ts';
import { DEFAULT_DOWNLOADS, type DownloadSettings } from '../../src/protocol/settings.ts';
import { pause } from '../../src/shared/abort.ts';
import type { MemoryFolder } from './memory-folder.ts';

export interface MemoryStoreOptions {
  readonly settings: Partial<DownloadSettings> & Pick<DownloadSettings, 'hubUrl'>;
  readonly token?: string;
  readonly isInUse?: (contentHash: string) => boolean;
  /** The network; the computer's own, if left out. */
  readonly fetch?: AllowedFetch;
}

/** How much quicker the clock of the store goes: pauses between attempts are as long as the product's by it. */
const CLOCK = 50;

/** The model store as the host composes it, over a folder in memory. */
export async function openMemoryStore(root: MemoryFolder, options: MemoryStoreOptions) {
  const {
    token,
    isInUse = () => false,
    fetch: network = (url: string, init: RequestInit) => fetch(url, init),
  } = options;
  const settings = () => ({ ...DEFAULT_DOWNLOADS, metered: 'allow' as const, ...options.settings });
  const folder = (await root.getDirectoryHandle('store', { create: true })).handle;
  const files = createChunkedFiles(folder);
  const fileStore = createFileStore({
    root: folder,
    files,
    hash: (file) => startFileHash(files, file),
    fetch: network,
    connections: 4,
    now: () => performance.now() * CLOCK,
    pause: (ms, signal) => pause(ms / CLOCK, signal),
    throttle() {},
    onLiar() {},
  });
  const disk = createDisk({
    root: root.handle,
    fileStore,
    models: () => models,
    settings,
    isInUse,
    estimate: async () => ({}),
  });
  const wrong: string[] = [];
  const models = createModelStore({
    files,
    fileStore,
    records: createRecords(folder, 'models', ModelRecord),
    fetch: network,
    settings,
    token: () => token,
    now: () => Date.now(),
    makeRoom: disk.makeRoom,
    onWrongContent: async (contentHash) => void wrong.push(contentHash),
  });

  /** All files of a model, as the manager brings them. */
  async function bring(name: string, signal = new AbortController().signal): Promise<void> {
    const manifest = await models.resolve(name, signal);
    if (!manifest) throw new Error('There is no such model.');
    const opened = models.open(manifest, signal, () => {});
    const paths = manifest.files.map(({ path }) => path);
    await Promise.all(paths.map(opened.open));
    await opened.checked(paths);
  }

  /** The content of a file of a model that was brought. */
  async function contentOf(name: string, path: string): Promise<Uint8Array> {
    const file = (await models.record(name))?.files.find((entry) => entry.path === path);
    const stored = file?.sha256 === undefined ? undefined : await fileStore.find(file.sha256);
    const blob = stored && (await files.blob(stored.file));
    if (!blob) throw new Error(`${path} is not stored.`);
    return new Uint8Array(await blob.arrayBuffer());
  }

  const tidyUp = () => tidy({ models, fileStore, root: root.handle }, { isCurrent: () => true });
  return {
    tidyUp,
    files,
    fileStore,
    disk,
    models,
    artifacts: createArtifactStore(root.handle),
    wrong,
    bring,
    contentOf,
  };
}
