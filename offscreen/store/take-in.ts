import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { ModelCard } from '../../src/protocol/model.ts';
import type { PickedFiles } from '../../src/protocol/model-files.ts';
import { abortable } from '../../src/shared/abort.ts';
import { randomToken } from '../../src/shared/ids.ts';
import { isExported } from '../onnx/exported.ts';
import { usableFiles } from '../onnx/model-files.ts';
import { FilesRefused, quoted } from './archive/refusal.ts';
import { describeModel } from './describe.ts';
import type { Disk } from './disk.ts';
import type { FileStore } from './file-store.ts';
import type { JobReport } from './jobs.ts';
import { localSource } from './local-source.ts';
import { baseHashOf, contentHashOf, type ModelRecord, type RecordedFile, requestOf } from './model-record.ts';
import type { ModelStore } from './model-store.ts';
import { asWebplatError, type FileRequest } from './obtain.ts';
import { baseFiles, isBareAdapter } from './sources/adapter-model.ts';
import { SourceFault } from './transfer/fault.ts';

/** Files that are to become a model. */
export interface IncomingModel {
  readonly name: string;
  readonly licence: string;
  readonly commit?: string | undefined;
  readonly isPrivate: boolean;
  readonly fromArchive: boolean;
  readonly files: PickedFiles;
  /** SHA-256 of each file, where whoever gave them says so. */
  readonly hashes: ReadonlyMap<string, string>;
}

export interface TakeInEnvironment {
  readonly fileStore: FileStore;
  readonly models: Pick<ModelStore, 'record' | 'records' | 'adopt'>;
  readonly makeRoom: Disk['makeRoom'];
  /** Where a file of a model can be had from later; nowhere for the user's own. */
  readonly urlsOf: (name: string, commit: string | undefined, path: string) => readonly string[];
  readonly now: () => number;
}

/** A file with what the store has to do for it. */
interface Planned {
  readonly path: string;
  readonly file: Blob;
  readonly request: FileRequest;
}

/** Configurations are a few kilobytes; what is larger is none. */
const MOST_JSON_BYTES = 4 * 2 ** 20;
const INDEX = 'model.safetensors.index.json';
const Index = v.object({ weight_map: v.record(v.string(), v.string()) });

/**
 * Takes a model into the store: each file is hashed as it is written and compared with what is said of it. Either all of
 * it is there in the end, or nothing that was not there before.
 *
 * @throws FilesRefused, WebplatError `storage-full`, `model-unsupported`, `model-corrupt`; the signal's reason
 */
export async function takeIn(
  environment: TakeInEnvironment,
  incoming: IncomingModel,
  signal: AbortSignal,
  report: JobReport,
): Promise<void> {
  const { fileStore, models, makeRoom } = environment;
  const { name } = incoming;
  const config = await readJson(incoming.files, 'config.json');
  const files = usableFiles(incoming.files, config);
  const used = { ...incoming, files };
  report.total(
    files.length,
    files.reduce((sum, { file }) => sum + file.size, 0),
  );
  const known = await models.record(name);
  const planned = planOf(used, known);
  if (
    config === undefined &&
    !isExported(
      files.map(({ path }) => path),
      config,
    )
  ) {
    const reason = isBareAdapter(incoming.files)
      ? 'These are the files of an adapter. Put them into a folder called adapter, beside the files of its model.'
      : 'There is no config.json.';
    throw new FilesRefused('incomplete', reason);
  }
  await assertComplete(files);
  const card = cardOf(environment, used, config);
  const bytes = await missingBytes(fileStore, planned);
  await makeRoom({ bytes, checkpointBytes: bytes }, name);
  const before = await fileStore.partialBytes();
  const added: string[] = [];
  try {
    const hashes = new Map<string, string>();
    for (const plan of planned) hashes.set(plan.path, await store(fileStore, plan, signal, report, added));
    signal.throwIfAborted();
    await models.adopt(await recordOf(environment, used, card, hashes, known));
  } catch (error) {
    const keys = planned.map(({ request }) => request.key).filter((key) => !before.has(key));
    await undo(environment, keys, added);
    throw signal.aborted ? signal.reason : refusalOf(error, known !== undefined);
  }
}

/** What has to be stored. A model that is known already only takes what it is made of. */
function planOf({ files, hashes }: IncomingModel, known: ModelRecord | undefined): Planned[] {
  return files.map(({ path, file }) => {
    const sources = [localSource(file)];
    const sha256 = hashes.get(path);
    if (!known) {
      const key = sha256 ?? randomToken() + randomToken();
      return { path, file, request: { key, bytes: file.size, expected: sha256 ? { sha256 } : undefined, sources } };
    }
    const recorded = known.files.find((candidate) => candidate.path === path);
    const differs = sha256 !== undefined && recorded?.sha256 !== undefined && sha256 !== recorded.sha256;
    if (!recorded || recorded.bytes !== file.size || differs) throw taken();
    return { path, file, request: { ...requestOf(recorded, {}), sources } };
  });
}

const taken = () =>
  new FilesRefused('taken', 'Another model has this name. Remove it first, or give these files another name.');

async function readJson(files: PickedFiles, path: string): Promise<unknown> {
  const file = files.find((candidate) => candidate.path === path)?.file;
  if (!file) return undefined;
  if (file.size > MOST_JSON_BYTES && path !== INDEX) throw new FilesRefused('broken', `${path} is too long.`);
  try {
    return JSON.parse(await file.text());
  } catch {
    throw new FilesRefused('broken', `${path} is not JSON.`);
  }
}

/** Weights, and all parts of them. */
async function assertComplete(files: PickedFiles): Promise<void> {
  const paths = new Set(files.map(({ path }) => path));
  if (paths.size !== files.length) throw new FilesRefused('double', 'A file was picked twice.');
  if (!baseFiles(files).some(({ path }) => /\.(safetensors|onnx)$/.test(path))) {
    throw new FilesRefused('incomplete', 'There are no weights: model.safetensors, its parts, or a graph.');
  }
  if (!paths.has(INDEX)) return;
  const index = v.safeParse(Index, await readJson(files, INDEX));
  if (!index.success) throw new FilesRefused('broken', `${INDEX} does not name the parts of the weights.`);
  const absent = Object.values(index.output.weight_map).find((path) => !paths.has(path));
  if (absent !== undefined) throw new FilesRefused('incomplete', `${quoted(absent)} is missing.`);
}

function cardOf({ urlsOf }: TakeInEnvironment, incoming: IncomingModel, config: unknown): ModelCard {
  const { name, licence, commit, files } = incoming;
  const remote = {
    commit,
    licence,
    files: files.map(({ path, file }) => ({
      path,
      bytes: file.size,
      expected: undefined,
      urls: urlsOf(name, commit, path),
    })),
    headers: {},
  };
  return describeModel(name, remote, config);
}

async function missingBytes(fileStore: FileStore, planned: readonly Planned[]): Promise<number> {
  let bytes = 0;
  for (const { request, file } of planned) if (!(await fileStore.find(request.key))) bytes += file.size;
  return bytes;
}

/** Stores one file, or compares it with what is there, and answers its hash. */
async function store(
  fileStore: FileStore,
  { request, file }: Planned,
  signal: AbortSignal,
  report: JobReport,
  added: string[],
): Promise<string> {
  const { expected } = request;
  const claimed = expected && 'sha256' in expected ? expected.sha256 : undefined;
  if (claimed !== undefined && (await fileStore.find(claimed))) {
    if (!(await fileStore.matches(claimed, localSource(file), signal, report.bytes)))
      throw new WebplatError('model-corrupt');
    report.file();
    return claimed;
  }
  const job = await fileStore.fetch(request, signal);
  let told = 0;
  const tell = () => {
    const arrived = Math.max(told, job.arrivedBytes);
    report.bytes(arrived - told);
    told = arrived;
  };
  const stop = job.watch(tell);
  try {
    const { sha256, file: stored } = await abortable(job.stored, signal);
    if (stored.id === job.file.id) added.push(sha256);
    report.bytes(file.size - told);
    report.file();
    return sha256;
  } finally {
    stop();
  }
}

async function recordOf(
  { urlsOf, now }: TakeInEnvironment,
  { name, commit, isPrivate, fromArchive, files }: IncomingModel,
  card: ModelCard,
  hashes: ReadonlyMap<string, string>,
  known: ModelRecord | undefined,
): Promise<ModelRecord> {
  if (known) {
    const withHash = (file: RecordedFile) => {
      const sha256 = hashes.get(file.path) ?? file.sha256;
      return { ...file, ...(sha256 !== undefined && { sha256 }) };
    };
    return { ...known, files: known.files.map(withHash) };
  }
  const recorded = files.map(({ path, file }): RecordedFile => {
    const sha256 = hashes.get(path) ?? '';
    return { path, bytes: file.size, key: sha256, sha256, urls: [...urlsOf(name, commit, path)] };
  });
  return {
    card,
    // Of what was read here, never of what an archive says: models of the same content share what is compiled and loaded.
    contentHash: await contentHashOf(recorded),
    base: await baseHashOf(recorded),
    files: recorded,
    ...(commit !== undefined && { commit }),
    isPrivate,
    fromArchive,
    addedAt: now(),
    lastUsedAt: now(),
    pinned: false,
    sites: [],
  };
}

/** Removes what was begun and what was finished, but for files that a model has come to need meanwhile. */
async function undo(
  { fileStore, models }: TakeInEnvironment,
  keys: readonly string[],
  added: readonly string[],
): Promise<void> {
  for (const key of keys) await fileStore.discard(key);
  // Where that is not known in full now, the files stay: the next start looks for what no model has.
  const records = await models.records('complete').catch(() => undefined);
  if (!records) return;
  const needed = new Set(records.flatMap(({ files }) => files.map(({ sha256 }) => sha256)));
  for (const sha256 of added) if (!needed.has(sha256)) await fileStore.remove(sha256);
}

/** In the words of who gave files: they come from no server. */
function refusalOf(error: unknown, isKnown: boolean): unknown {
  const told = error instanceof SourceFault ? asWebplatError(error) : error;
  if (!(told instanceof WebplatError)) return told;
  if (told.code === 'download-failed') return new FilesRefused('broken', told.data?.reason ?? 'A file cannot be read.');
  if (told.code !== 'model-corrupt') return told;
  return isKnown ? taken() : new FilesRefused('lying', 'A file is not what the archive says it is.');
}
