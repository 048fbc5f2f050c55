import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import { createMutex } from '../../src/shared/mutex.ts';
import type { ParamReader } from '../checkpoint/checkpoint.ts';
import { convertPart } from '../graphs/build/convert.ts';
import type { EmittedGraph, WeightPart } from '../graphs/build/graph-builder.ts';
import { sha256OfChunks } from './digest.ts';
import { readJsonFile, writeWhole } from './files.ts';
import { artifactsFolder, finishedPart, makePartFile, readChecked, StoredPart, unwritableOf } from './stored-part.ts';

/** A compiled model, ready for the runtime. */
export interface Artifact {
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

/** Where the weights of a graph come from. */
export interface WeightSource {
  readonly reader: ParamReader;
  /** Tells the files that are read from others under the same names; parts of earlier attempts are held against it. */
  readonly madeOf: string;
  /** Makes the file of one part somewhere else, as many at once as there are hands; here and in order, if left out. */
  makePart?(part: WeightPart, options: PartOptions): Promise<StoredPart>;
}

export interface PartOptions {
  readonly signal: AbortSignal;
  /** Bytes of the file that are there so far. */
  onProgress(doneBytes: number): void;
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
  make(
    key: string,
    graph: Pick<EmittedGraph, 'model' | 'parts'>,
    weights: WeightSource,
    options: MakeOptions,
  ): Promise<Artifact>;
}

const MODEL = 'model.onnx';
const ENTRY = 'entry.json';
/** Weights that are held in memory where no disk takes them; more would stand in the way of everything else. */
const MOST_IN_MEMORY = 512 * 2 ** 20;

const PartName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]*\.bin$/));

/** `entry.json`, written last: what is not named in it is not finished. */
const Entry = v.strictObject({
  model: StoredPart,
  parts: v.array(v.strictObject({ file: PartName, ...StoredPart.entries })),
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
    (await artifactsFolder(root, create))?.getDirectoryHandle(key, { create });
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
    async make(key, graph, weights, options) {
      const folder = await open(key, true).catch(() => undefined);
      if (!folder) return makeInMemory(graph, weights.reader, options);
      try {
        return await makeOnDisk(folder, graph, weights, options);
      } catch (error) {
        const why = unwritableOf(error);
        if (!why) throw error;
        // What is finished takes room that others need; where somebody else writes, it is theirs as well.
        if (why === 'full') await (await artifactsFolder(root))?.removeEntry(key, { recursive: true }).catch(() => {});
        // The model runs from memory if it is small.
        return makeInMemory(graph, weights.reader, options);
      }
    },
  };
}

/** Removes the entries that `isWanted` does not name. */
export async function sweepArtifacts(
  root: FileSystemDirectoryHandle | undefined,
  isWanted: (key: string) => boolean,
): Promise<void> {
  const folder = await artifactsFolder(root);
  if (!folder) return;
  const keys: string[] = [];
  for await (const key of folder.keys()) keys.push(key);
  await Promise.all(
    keys.filter((key) => !isWanted(key)).map((key) => folder.removeEntry(key, { recursive: true }).catch(() => {})),
  );
}

const totalOf = (parts: readonly WeightPart[]): number => parts.reduce((sum, { bytes }) => sum + bytes, 0);

async function readArtifact(folder: FileSystemDirectoryHandle): Promise<Artifact> {
  const entry = v.parse(Entry, await readJsonFile(folder, ENTRY));
  const [model, ...parts] = await Promise.all([
    readChecked(folder, MODEL, entry.model),
    ...entry.parts.map(async ({ file, ...stored }) => ({ file, data: await readChecked(folder, file, stored) })),
  ]);
  return { model: new Uint8Array(await model.arrayBuffer()), parts };
}

async function makeOnDisk(
  folder: FileSystemDirectoryHandle,
  graph: Pick<EmittedGraph, 'model' | 'parts'>,
  weights: WeightSource,
  { signal, onProgress, checked }: MakeOptions,
): Promise<Artifact> {
  const total = totalOf(graph.parts);
  const done = new Map<WeightPart, number>();
  const make = makerOf(folder, weights);
  const looks = createMutex();
  const parts = await allOrNone(graph.parts, signal, async (part, partSignal) => {
    const note = (bytes: number) => {
      done.set(part, bytes);
      onProgress(
        [...done.values()].reduce((sum, some) => sum + some, 0),
        total,
      );
    };
    // One after the other, so that parts are made in the order in which a download brings what they are made of.
    const kept = await looks.run(() => finishedPart(folder, part, weights.madeOf));
    const stored = kept ?? (await make(part, { signal: partSignal, onProgress: note }));
    note(part.bytes);
    return { file: part.file, ...stored };
  });
  await checked();
  await writeWhole(folder, MODEL, graph.model);
  const model = { bytes: graph.model.byteLength, sha256: await sha256OfChunks(new Blob([graph.model])) };
  await writeWhole(folder, ENTRY, JSON.stringify({ model, parts }));
  return {
    model: graph.model,
    parts: await Promise.all(
      parts.map(async ({ file }) => ({ file, data: await (await folder.getFileHandle(file)).getFile() })),
    ),
  };
}

/** How parts are made: by others, or one after the other here, so that only one is in memory. */
function makerOf(
  folder: FileSystemDirectoryHandle,
  { reader, madeOf, makePart }: WeightSource,
): NonNullable<WeightSource['makePart']> {
  if (makePart) return makePart;
  const turns = createMutex();
  return (part, options) =>
    turns.run(() => {
      options.signal.throwIfAborted();
      return makePartFile(folder, part, { reader, madeOf }, options);
    });
}

/** Works on all items at once; the first failure aborts the others, and is reported when none of them works any more. */
async function allOrNone<T, R>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const abort = new AbortController();
  const both = AbortSignal.any([signal, abort.signal]);
  const settled = await Promise.allSettled(
    items.map(async (item) => {
      try {
        return await work(item, both);
      } catch (error) {
        abort.abort(error);
        throw error;
      }
    }),
  );
  if (both.aborted) throw both.reason;
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

async function makeInMemory(
  { model, parts }: Pick<EmittedGraph, 'model' | 'parts'>,
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
  return { model, parts: made };
}

/** Removes everything that was made of a model's content. */
export async function removeArtifacts(root: FileSystemDirectoryHandle | undefined, contentHash: string): Promise<void> {
  await sweepArtifacts(root, (key) => !key.startsWith(`${contentHash}-`));
}

/** Bytes that compiled models take on disk; of one content, or of all. */
export async function artifactBytes(root: FileSystemDirectoryHandle | undefined, contentHash = ''): Promise<number> {
  const folder = await artifactsFolder(root);
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
