import { WebplatError } from '../../src/protocol/errors.ts';
import type { ModelCard } from '../../src/protocol/model.ts';
import { canonicalName, type ParsedModelName, parseModelName } from '../../src/protocol/model-name.ts';
import type { DownloadSettings } from '../../src/protocol/settings.ts';
import { createMutex } from '../../src/shared/mutex.ts';
import { FilesRefused } from './archive/refusal.ts';
import type { ChunkedFiles } from './chunked-files.ts';
import { describeModel } from './describe.ts';
import { assertConnectionAllowed, assertModelAllowed } from './download-rules.ts';
import type { FileStore } from './file-store.ts';
import type { ModelManifest, ModelSource } from './manifest.ts';
import { contentHashOf, type ModelRecord, manifestOf, recordFile, recordKey, requestOf } from './model-record.ts';
import { asWebplatError } from './obtain.ts';
import { openStoredFiles } from './open-files.ts';
import type { Records } from './records.ts';
import { listFolderModel } from './sources/folder.ts';
import { listHubModel } from './sources/hub.ts';
import type { RemoteModel } from './sources/remote-model.ts';
import { SourceFault } from './transfer/fault.ts';
import type { AllowedFetch } from './transfer/fetch-range.ts';

export interface ModelStoreEnvironment {
  readonly files: ChunkedFiles;
  readonly fileStore: FileStore;
  readonly records: Records<ModelRecord>;
  readonly fetch: AllowedFetch;
  readonly settings: () => DownloadSettings;
  /** The user's token for the hub; never given to pages, nor to any other host. */
  readonly token: () => string | undefined;
  readonly now: () => number;
  /** Makes room for bytes that are to come. @throws WebplatError `storage-full` */
  readonly makeRoom: (bytes: number, keep: string) => Promise<void>;
  /** The content of a model turned out to be wrong: whatever was made of it is worthless. */
  readonly onWrongContent: (contentHash: string) => Promise<void>;
}

/** Models by name from hubs, servers and the user's files, kept in the file store. */
export interface ModelStore extends ModelSource {
  /**
   * What a model is, asked without the user's token: a site that has no grant must not find out what the user may see.
   * Undefined when there is no such model; `private` where only the token could tell.
   */
  describe(name: string, signal: AbortSignal): Promise<ModelCard | 'private' | undefined>;
  record(name: string): Promise<ModelRecord | undefined>;
  update(name: string, change: (record: ModelRecord) => ModelRecord): Promise<void>;
  /** Makes a model known whose files are here. @throws FilesRefused when its name means another one meanwhile */
  adopt(record: ModelRecord): Promise<void>;
  /** Forgets a model; its files go when no other model has them. */
  forget(name: string): Promise<void>;
  records(): Promise<readonly ModelRecord[]>;
}

/** A description is not looked up again for this long. */
const DESCRIBED_FOR_MS = 10 * 60_000;

export function createModelStore(environment: ModelStoreEnvironment): ModelStore {
  const { fileStore, records, fetch, settings, token, now } = environment;
  const resolving = new Map<string, Promise<ModelRecord | undefined>>();
  /** Records by name, so that a request does not read the disk for each. */
  const known = new Map<string, ModelRecord>();
  const writes = createMutex();
  const described = new Map<string, { readonly card: ModelCard; readonly at: number }>();

  async function record(name: string): Promise<ModelRecord | undefined> {
    const canonical = canonicalName(name);
    const found = known.get(canonical) ?? (await records.get(await recordKey(canonical)));
    if (found) known.set(canonical, found);
    return found;
  }

  async function save(value: ModelRecord): Promise<void> {
    known.set(value.card.name, value);
    await records.set(await recordKey(value.card.name), value);
  }

  async function allRecords(): Promise<readonly ModelRecord[]> {
    const all = [...(await records.all()).values()];
    for (const value of all) known.set(value.card.name, value);
    return all;
  }

  /** The card with what is still to be downloaded now. */
  async function withPresence({ card, files }: ModelRecord): Promise<ModelCard> {
    const missing = await Promise.all(
      files.map(async ({ bytes, sha256 }) => (sha256 && (await fileStore.find(sha256)) ? 0 : bytes)),
    );
    return { ...card, downloadBytes: missing.reduce((sum, bytes) => sum + bytes, 0) };
  }

  const update: ModelStore['update'] = (name, change) =>
    writes.run(async () => {
      const before = await record(name);
      const after = before && change(before);
      if (after && after !== before) await save(after);
    });

  async function list(parsed: ParsedModelName, withToken: boolean, signal: AbortSignal): Promise<RemoteModel> {
    const { hubUrl, mirrors } = settings();
    if (parsed.scheme === 'hf') {
      const { repository, revision } = parsed;
      const place = { hubUrl, mirrors, repository, revision, token: withToken ? token() : undefined };
      return listHubModel(fetch, place, signal);
    }
    if (parsed.scheme === 'https') return listFolderModel(fetch, parsed.folder, signal);
    throw new WebplatError('unknown-model');
  }

  /** Reads one small file of a model that is not in the store yet. */
  async function readSmall(remote: RemoteModel, path: string, signal: AbortSignal): Promise<unknown> {
    const listed = remote.files.find((file) => file.path === path);
    if (!listed) return undefined;
    const file = await recordFile(listed);
    const { stored } = await fileStore.fetch(requestOf(file, remote.headers), signal);
    const { file: chunked } = await stored;
    const blob = await environment.files.blob(chunked);
    try {
      return JSON.parse((await blob?.text()) ?? '');
    } catch {
      throw new WebplatError('model-corrupt', undefined, { reason: `${path} is not JSON.` });
    }
  }

  async function add(name: string, parsed: ParsedModelName, signal: AbortSignal): Promise<ModelRecord | undefined> {
    assertModelAllowed(name, settings());
    assertConnectionAllowed(settings());
    const isPrivate = parsed.scheme === 'hf' && token() !== undefined && (await isHidden(parsed, signal));
    const remote = await list(parsed, isPrivate, signal).catch(absent);
    if (!remote) return undefined;
    const config = await readSmall(remote, 'config.json', signal);
    const files = await Promise.all(remote.files.map(recordFile));
    const value: ModelRecord = {
      card: describeModel(name, remote, config),
      contentHash: await contentHashOf(files),
      files,
      ...(remote.commit !== undefined && { commit: remote.commit }),
      isPrivate,
      fromArchive: false,
      addedAt: now(),
      lastUsedAt: now(),
      pinned: false,
      sites: [],
    };
    await save(value);
    return value;
  }

  async function isHidden(parsed: ParsedModelName, signal: AbortSignal): Promise<boolean> {
    try {
      await list(parsed, false, signal);
      return false;
    } catch (error) {
      if (error instanceof SourceFault && (error.kind === 'forbidden' || error.kind === 'missing')) return true;
      throw error instanceof SourceFault ? asWebplatError(error) : error;
    }
  }

  async function resolve(name: string, signal: AbortSignal): Promise<ModelManifest | undefined> {
    const canonical = canonicalName(name);
    const parsed = parseModelName(canonical);
    if (!parsed || parsed.scheme === 'packaged') return undefined;
    const found = await record(canonical);
    if (found) return manifestOf(found);
    if (parsed.scheme === 'file') return undefined;
    // Shared by all who ask at once; one of them leaving does not end it for the others.
    const shared = resolving.get(canonical) ?? add(canonical, parsed, new AbortController().signal);
    resolving.set(canonical, shared);
    const settle = () => resolving.delete(canonical);
    shared.then(settle, settle);
    signal.throwIfAborted();
    const value = await shared;
    return value && manifestOf(value);
  }

  return {
    async list() {
      const all = await Promise.all(
        (await allRecords()).map(async (value) => ({ ...value, card: await withPresence(value) })),
      );
      return all.map(manifestOf);
    },
    resolve: (name, signal = new AbortController().signal) => resolve(name, signal),
    record,
    records: allRecords,
    update,
    adopt: (value) =>
      writes.run(async () => {
        const before = await record(value.card.name);
        if (before && before.contentHash !== value.contentHash) {
          throw new FilesRefused('taken', 'Another model has come to have this name.');
        }
        await save(value);
      }),
    async forget(name) {
      const gone = await record(name);
      if (!gone) return;
      known.delete(gone.card.name);
      await records.remove(await recordKey(gone.card.name));
      const left = [...(await records.all()).values()].flatMap(({ files }) => files);
      const kept = new Set(left.map(({ key }) => key));
      // One source may know a file by another key than the next; by its content it is the same.
      const needed = new Set(left.map(({ sha256 }) => sha256));
      for (const { sha256 } of gone.files) if (sha256 && !needed.has(sha256)) await fileStore.remove(sha256);
      await fileStore.sweep(kept);
    },
    async describe(name, signal) {
      const canonical = canonicalName(name);
      const parsed = parseModelName(canonical);
      if (!parsed || parsed.scheme === 'packaged') return undefined;
      const found = await record(canonical);
      // What only the token shows is not known to those who ask without a grant.
      if (found && !found.isPrivate) return withPresence(found);
      if (parsed.scheme === 'file') return undefined;
      assertModelAllowed(canonical, settings());
      const recent = described.get(canonical);
      if (recent && now() - recent.at < DESCRIBED_FOR_MS) return recent.card;
      try {
        const remote = await list(parsed, false, signal);
        const card = describeModel(canonical, remote, await readSmall(remote, 'config.json', signal));
        described.set(canonical, { card, at: now() });
        return card;
      } catch (error) {
        if (!(error instanceof SourceFault)) throw error;
        const hidden = error.kind === 'forbidden' || error.kind === 'missing';
        if (hidden) return parsed.scheme === 'hf' && token() !== undefined ? 'private' : undefined;
        throw asWebplatError(error);
      }
    },
    open: (manifest, signal, onBytes) => openStoredFiles({ ...environment, record, update }, manifest, signal, onBytes),
  };
}

function absent(error: unknown): undefined {
  if (error instanceof SourceFault && error.kind === 'missing') return undefined;
  throw error instanceof SourceFault ? asWebplatError(error) : error;
}
