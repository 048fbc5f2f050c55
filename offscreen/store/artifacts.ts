import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { ParamReader } from '../checkpoint/checkpoint.ts';
import { convertPart } from '../graphs/build/convert.ts';
import type { EmittedGraph, WeightPart } from '../graphs/build/graph-builder.ts';
import { sha256OfChunks } from './digest.ts';
import { openInPlace, readJsonFile, writeWhole } from './files.ts';

/** A compiled model, ready for the runtime. */
export interface Artifact {
  /** What its maker noted about it, as JSON. */
  readonly meta: unknown;
  readonly model: Uint8Array<ArrayBuffer>;
  /** Weights by the name under which the graph refers to them; files on disk, so that nothing holds them in memory. */
  readonly parts: readonly { readonly file: string; readonly data: Blob }[];
}

export interface MakeOptions {
  readonly signal: AbortSignal;
  /** Bytes of the weights that are there, of all. */
  onProgress(doneBytes: number, totalBytes: number): void;
  /** Settles when what the weights were made of turned out to be right; rejects otherwise. Nothing is kept before. */
  checked(): Promise<void>;
}

/** Compiled models by what they were made from. */
export interface ArtifactStore {
  /** The entry of `key`, every byte checked; undefined when there is none or it is damaged. */
  load(key: string): Promise<Artifact | undefined>;
  /**
   * Makes the weights of `graph` and keeps them, part by part: what was finished before an interruption is not made again.
   * Where nothing can be kept, the answer holds them in memory.
   *
   * @throws WebplatError `storage-full` when they fit neither on disk nor sensibly into memory.
   */
  make(key: string, graph: EmittedGraph, meta: unknown, reader: ParamReader, options: MakeOptions): Promise<Artifact>;
}

const FOLDER = 'artifacts';
const MODEL = 'model.onnx';
const ENTRY = 'entry.json';
/** Weights that are held in memory where no disk takes them; more would stand in the way of everything else. */
const MOST_IN_MEMORY = 512 * 2 ** 20;

const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Stored = v.strictObject({ bytes: Size, sha256: v.array(v.string()) });
type Stored = v.InferOutput<typeof Stored>;

const PartName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]*\.bin$/));

/** `entry.json`, written last: what is not named in it is not finished. */
const Entry = v.strictObject({
  meta: v.unknown(),
  model: Stored,
  parts: v.array(v.strictObject({ file: PartName, ...Stored.entries })),
});

/** What an entry depends on, as the name of its folder. */
export function artifactKey(parts: {
  readonly contentHash: string;
  readonly graph: string;
  readonly precision: string;
  readonly family: string;
  readonly emitterVersion: number;
  readonly runtime: string;
}): string {
  const { contentHash, graph, precision, family, emitterVersion, runtime } = parts;
  return `${contentHash}-${graph}-${precision}-${family}${emitterVersion}-${runtime}`.replaceAll(
    /[^A-Za-z0-9.-]/g,
    '_',
  );
}

/** A store below `root`, or one that keeps nothing. Making needs a worker: only there are files written in place. */
export function createArtifactStore(root: FileSystemDirectoryHandle | undefined): ArtifactStore {
  const open = async (key: string, create: boolean) =>
    (await root?.getDirectoryHandle(FOLDER, { create }))?.getDirectoryHandle(key, { create });
  return {
    async load(key) {
      try {
        const folder = await open(key, false);
        return folder && (await readArtifact(folder));
      } catch {
        // Missing, cut short, altered or unreadable: all of them mean that it has to be made again.
        return undefined;
      }
    },
    async make(key, graph, meta, reader, options) {
      const folder = await open(key, true).catch(() => undefined);
      if (!folder) return makeInMemory(graph, meta, reader, options);
      try {
        return await makeOnDisk(folder, graph, meta, reader, options);
      } catch (error) {
        if (!isFull(error)) throw error;
        // No room, or no right to write: the model runs from memory if it is small.
        await (await root?.getDirectoryHandle(FOLDER))?.removeEntry(key, { recursive: true }).catch(() => {});
        return makeInMemory(graph, meta, reader, options);
      }
    },
  };
}

/** Removes the entries that `isWanted` does not name. */
export async function sweepArtifacts(
  root: FileSystemDirectoryHandle | undefined,
  isWanted: (key: string) => boolean,
): Promise<void> {
  const folder = await root?.getDirectoryHandle(FOLDER).catch(() => undefined);
  if (!folder) return;
  const keys: string[] = [];
  for await (const key of folder.keys()) keys.push(key);
  await Promise.all(
    keys.filter((key) => !isWanted(key)).map((key) => folder.removeEntry(key, { recursive: true }).catch(() => {})),
  );
}

const totalOf = (parts: readonly WeightPart[]): number => parts.reduce((sum, { bytes }) => sum + bytes, 0);

const isFull = (error: unknown): boolean =>
  error instanceof DOMException && (error.name === 'QuotaExceededError' || error.name === 'NoModificationAllowedError');

async function readArtifact(folder: FileSystemDirectoryHandle): Promise<Artifact> {
  const entry = v.parse(Entry, await readJsonFile(folder, ENTRY));
  const [model, ...parts] = await Promise.all([
    readChecked(folder, MODEL, entry.model),
    ...entry.parts.map(async ({ file, ...stored }) => ({ file, data: await readChecked(folder, file, stored) })),
  ]);
  return { meta: entry.meta, model: new Uint8Array(await model.arrayBuffer()), parts };
}

async function readChecked(folder: FileSystemDirectoryHandle, name: string, stored: Stored): Promise<File> {
  const file = await (await folder.getFileHandle(name)).getFile();
  if (file.size !== stored.bytes) throw new RangeError(`${name} has another size.`);
  const hashes = await sha256OfChunks(file);
  if (hashes.join() !== stored.sha256.join()) throw new RangeError(`${name} has another content.`);
  return file;
}

async function makeOnDisk(
  folder: FileSystemDirectoryHandle,
  graph: EmittedGraph,
  meta: unknown,
  reader: ParamReader,
  { signal, onProgress, checked }: MakeOptions,
): Promise<Artifact> {
  const total = totalOf(graph.parts);
  let done = 0;
  const parts: { file: string; bytes: number; sha256: string[] }[] = [];
  for (const part of graph.parts) {
    const before = done;
    const stored =
      (await finishedPart(folder, part)) ??
      (await makePart(folder, part, reader, signal, (bytes) => onProgress(before + bytes, total)));
    parts.push({ file: part.file, ...stored });
    done += part.bytes;
    onProgress(done, total);
  }
  await checked();
  await writeWhole(folder, MODEL, graph.model);
  const model = { bytes: graph.model.byteLength, sha256: await sha256OfChunks(new Blob([graph.model])) };
  await writeWhole(folder, ENTRY, JSON.stringify({ meta, model, parts }));
  return {
    meta,
    model: graph.model,
    parts: await Promise.all(
      parts.map(async ({ file }) => ({ file, data: await (await folder.getFileHandle(file)).getFile() })),
    ),
  };
}

/** What an earlier attempt noted of a part that it finished; the bytes are checked when the whole is loaded. */
async function finishedPart(folder: FileSystemDirectoryHandle, part: WeightPart): Promise<Stored | undefined> {
  try {
    const stored = v.parse(Stored, await readJsonFile(folder, noteOf(part)));
    await readChecked(folder, part.file, stored);
    return stored.bytes === part.bytes ? stored : undefined;
  } catch {
    return undefined;
  }
}

const noteOf = ({ file }: WeightPart): string => `${file}.json`;

async function makePart(
  folder: FileSystemDirectoryHandle,
  part: WeightPart,
  reader: ParamReader,
  signal: AbortSignal,
  onProgress: (doneBytes: number) => void,
): Promise<Stored> {
  const handle = await folder.getFileHandle(part.file, { create: true });
  const file = await openInPlace(handle);
  try {
    file.truncate(part.bytes);
    const put = (offset: number, bytes: Uint8Array) => {
      if (file.write(bytes, { at: offset }) !== bytes.byteLength) throw new DOMException('', 'QuotaExceededError');
    };
    await convertPart(part, reader, put, { signal, onProgress });
    file.flush();
  } finally {
    file.close();
  }
  const stored = { bytes: part.bytes, sha256: await sha256OfChunks(await handle.getFile()) };
  await writeWhole(folder, noteOf(part), JSON.stringify(stored));
  return stored;
}

async function makeInMemory(
  { model, parts }: EmittedGraph,
  meta: unknown,
  reader: ParamReader,
  { signal, onProgress, checked }: MakeOptions,
): Promise<Artifact> {
  const total = totalOf(parts);
  if (total > MOST_IN_MEMORY) throw new WebplatError('storage-full', undefined, { requested: total });
  let done = 0;
  const made: Artifact['parts'][number][] = [];
  for (const part of parts) {
    const data = new Uint8Array(part.bytes);
    await convertPart(part, reader, (offset, bytes) => data.set(bytes, offset), {
      signal,
      onProgress: (bytes) => onProgress(done + bytes, total),
    });
    made.push({ file: part.file, data: new Blob([data]) });
    done += part.bytes;
  }
  await checked();
  return { meta, model, parts: made };
}

/** Removes everything that was made of a model's content. */
export async function removeArtifacts(root: FileSystemDirectoryHandle | undefined, contentHash: string): Promise<void> {
  await sweepArtifacts(root, (key) => !key.startsWith(`${contentHash}-`));
}

/** Bytes that compiled models take on disk; of one content, or of all. */
export async function artifactBytes(root: FileSystemDirectoryHandle | undefined, contentHash = ''): Promise<number> {
  const folder = await root?.getDirectoryHandle(FOLDER).catch(() => undefined);
  if (!folder) return 0;
  let bytes = 0;
  for await (const key of folder.keys()) {
    if (contentHash !== '' && !key.startsWith(`${contentHash}-`)) continue;
    const entry = await folder.getDirectoryHandle(key).catch(() => undefined);
    if (!entry) continue;
    for await (const name of entry.keys()) {
      bytes +=
        (
          await entry.getFileHandle(name).then(
            (handle) => handle.getFile(),
            () => undefined,
          )
        )?.size ?? 0;
    }
  }
  return bytes;
}
