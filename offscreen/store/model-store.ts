import { WebplatError } from '../../src/protocol/errors.ts';
import type { ModelCard } from '../../src/protocol/model.ts';
import { ADAPTER_CONFIG } from '../../src/protocol/model-files.ts';
import { canonicalName, type ParsedModelName, parseModelName } from '../../src/protocol/model-name.ts';
import type { DownloadSettings } from '../../src/protocol/settings.ts';
import { createMutex } from '../../src/shared/mutex.ts';
import { missingBytes, usableFiles } from '../onnx/model-files.ts';
import { FilesRefused } from './archive/refusal.ts';
import type { ChunkedFiles } from './chunked-files.ts';
import { describeModel } from './describe.ts';
import type { Disk } from './disk.ts';
import { assertConnectionAllowed, assertModelAllowed } from './download-rules.ts';
import type { FileStore } from './file-store.ts';
import type { ModelManifest, ModelSource } from './manifest.ts';
import {
  baseHashOf,
  contentHashOf,
  type ModelRecord,
  manifestOf,
  recordFile,
  recordKey,
  requestOf,
} from './model-record.ts';
import { asWebplatError } from './obtain.ts';
import { openStoredFiles } from './open-files.ts';
import type { Records } from './records.ts';
import { baseOf, isBareAdapter, withBase } from './sources/adapter-model.ts';
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
  /** Makes room for what is to come. @throws WebplatError `storage-full` */
  readonly makeRoom: Disk['makeRoom'];
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
  /** All that are known; `complete` as of `Records`. */
  records(complete?: 'complete'): Promise<readonly ModelRecord[]>;
}

/** A file that is read before the user has agreed to anything is no larger. */
const MOST_SMALL_BYTES = 4 * 2 ** 20;
/** A description is not looked up again for this long. */
const DESCRIBED_FOR_MS = 10 * 60_000;

export function createModelStore(environment: ModelStoreEnvironment): ModelStore {
  const { fileStore, records, fetch, settings, token, now } = environment;
  const resolving = new Map<string, Promise<ModelRecord | undefined>>();
  /**
   * Records by name as they were last changed here, undefined for those that were removed. What the disk says is older where it
   * differs: a write may still be on its way.
   */
  const known = new Map<string, ModelRecord | undefined>();
  const writes = createMutex();
  const described = new Map<string, { readonly card: ModelCard; readonly at: number }>();

  async function record(name: string): Promise<ModelRecord | undefined> {
    const canonical = canonicalName(name);
    if (known.has(canonical)) return known.get(canonical);
    const found = await records.get(await recordKey(canonical));
    if (found && !known.has(canonical)) known.set(canonical, found);
    return known.get(canonical);
  }

  async function save(value: ModelRecord): Promise<void> {
    known.set(value.card.name, value);
    await records.set(await recordKey(value.card.name), value);
  }

  async function allRecords(complete?: 'complete'): Promise<readonly ModelRecord[]> {
    for (const value of (await records.all(complete)).values()) {
      if (!known.has(value.card.name)) known.set(value.card.name, value);
    }
    return [...known.values()].filter((value) => value !== undefined);
  }

  /** The card with what is still to be downloaded now. */
  async function withPresence({ card, files }: ModelRecord): Promise<ModelCard> {
    const stored = await fileStore.stored();
    return { ...card, downloadBytes: missingBytes(files, ({ sha256 }) => sha256 !== undefined && stored.has(sha256)) };
  }

  const update: ModelStore['update'] = (name, change) =>
    writes.run(async () => {
      const before = await record(name);
      const after = before && change(before);
      if (after && after !== before) await save(after);
    });

  /** A model as its source lists it; an adapter together with the model that it changes. */
  async function list(parsed: ParsedModelName, withToken: boolean, signal: AbortSignal): Promise<RemoteModel> {
    const remote = await listOne(parsed, withToken, signal);
    if (!isBareAdapter(remote.files)) return remote;
    const base = baseOf(await readSmall(remote, ADAPTER_CONFIG, signal));
    assertModelAllowed(base.name, settings());
    try {
      // Nobody but the hub is given the hub's token.
      const changed = await listOne(base.parsed, withToken && parsed.scheme === 'hf', signal);
      if (isBareAdapter(changed.files)) throw nestedAdapter(base.name);
      return withBase(remote, { ...changed, base: base.name });
    } catch (error) {
      const mayBePrivate = !withToken && parsed.scheme === 'hf' && token() !== undefined;
      if (!(error instanceof SourceFault) || error.kind !== 'missing' || mayBePrivate) throw error;
      const reason = `The adapter is for ${base.name.slice(0, 200)}, which the hub does not have.`;
      throw new WebplatError('model-unsupported', undefined, { reason });
    }
  }

  async function listOne(parsed: ParsedModelName, withToken: boolean, signal: AbortSignal): Promise<RemoteModel> {
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
    if (listed.bytes > MOST_SMALL_BYTES) {
      throw new WebplatError('model-corrupt', undefined, { reason: `${path} is too long.` });
    }
    const file = await recordFile(listed);
    // What the source names by its content need not be fetched again.
    const kept = listed.expected && (await fileStore.findByKey(file.key));
    const { stored } = kept ? { stored: kept } : await fileStore.fetch(requestOf(file, remote.headers), signal);
    const blob = await environment.files.blob((await stored).file);
    try {
      return JSON.parse((await blob?.text()) ?? '');
    } catch {
      throw new WebplatError('model-corrupt', undefined, { reason: `${path} is not JSON.` });
    }
  }

  /** What of a listed model is used, and what its config says, if it has one. */
  async function judge(remote: RemoteModel, signal: AbortSignal) {
    const config = await readSmall(remote, 'config.json', signal);
    return { config, used: { ...remote, files: usableFiles(remote.files, config) } };
  }

  async function add(name: string, parsed: ParsedModelName, signal: AbortSignal): Promise<ModelRecord | undefined> {
    assertModelAllowed(name, settings());
    assertConnectionAllowed(settings());
    const isPrivate = parsed.scheme === 'hf' && token() !== undefined && (await isHidden(parsed, signal));
    const remote = await list(parsed, isPrivate, signal).catch(absent);
    if (!remote) return undefined;
    const { used, config } = await judge(remote, signal);
    const files = await Promise.all(used.files.map(recordFile));
    const value: ModelRecord = {
      card: describeModel(name, used, config),
      contentHash: await contentHashOf(files),
      base: await baseHashOf(files),
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
      const others = (await allRecords('complete'))
        .filter(({ card }) => card.name !== gone.card.name)
        .flatMap(({ files }) => files);
      known.set(gone.card.name, undefined);
      const hashes = new Set(others.map(({ sha256 }) => sha256));
      for (const { sha256 } of gone.files) if (sha256 && !hashes.has(sha256)) await fileStore.remove(sha256);
      await fileStore.sweep(new Set(others.map(({ key }) => key)));
      // Last: where the browser ends in between, the model is still listed, and can be removed again.
      await records.remove(await recordKey(gone.card.name));
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
        const { used, config } = await judge(remote, signal);
        const card = describeModel(canonical, used, config);
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

const nestedAdapter = (base: string) =>
  new WebplatError('model-unsupported', undefined, {
    reason: `The adapter is for ${base.slice(0, 200)}, which is an adapter itself.`,
  });

function absent(error: unknown): undefined {
  if (error instanceof SourceFault && error.kind === 'missing') return undefined;
  throw error instanceof SourceFault ? asWebplatError(error) : error;
}
