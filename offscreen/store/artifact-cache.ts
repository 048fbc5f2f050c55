import * as v from 'valibot';
import { randomToken } from '../../src/shared/ids.ts';
import type { DecoderGraph, DecoderShape } from '../graphs/graph.ts';
import { sha256OfChunks } from './digest.ts';

/** A compiled model, ready for the runtime. */
export interface Artifact {
  readonly shape: DecoderShape;
  readonly model: Uint8Array<ArrayBuffer>;
  /** A file on disk where there is a cache, so that nothing needs to hold it in memory. */
  readonly weights: Blob;
}

/** Compiled models by what they were made from. */
export interface ArtifactCache {
  /** The entry of `key`, every byte checked; undefined when there is none or it is damaged. */
  load(key: string): Promise<Artifact | undefined>;
  /** Stores `graph`; where that is not possible, the answer holds it in memory. */
  save(key: string, graph: DecoderGraph): Promise<Artifact>;
}

const FOLDER = 'artifacts';
const MODEL = 'model.onnx';
const WEIGHTS = 'weights.bin';

const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Stored = v.strictObject({ bytes: Size, sha256: v.array(v.string()) });

/** `KEY.json`: names the folder with the files. Replacing it is what commits an entry. */
const Entry = v.strictObject({
  folder: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  shape: v.strictObject({
    layers: Size,
    keyValueHeads: Size,
    headSize: Size,
    vocabularySize: Size,
    contextTokens: Size,
  }),
  model: Stored,
  weights: Stored,
});
type Entry = v.InferOutput<typeof Entry>;

/** What an entry depends on, as a file name. */
export function artifactKey(parts: {
  readonly contentHash: string;
  readonly precision: string;
  readonly family: string;
  readonly emitterVersion: number;
  readonly runtime: string;
}): string {
  const { contentHash, precision, family, emitterVersion, runtime } = parts;
  return `${contentHash}-${precision}-${family}${emitterVersion}-${runtime}`.replaceAll(/[^A-Za-z0-9.-]/g, '_');
}

/** The origin's private file system, or undefined where the browser or its mode has none. */
export async function openPrivateFiles(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await navigator.storage.getDirectory();
  } catch {
    return undefined;
  }
}

/** A cache below `root`, or one that keeps nothing. */
export function createArtifactCache(root: FileSystemDirectoryHandle | undefined): ArtifactCache {
  return {
    async load(key) {
      try {
        const folder = await root?.getDirectoryHandle(FOLDER);
        return folder && (await readArtifact(folder, await readEntry(folder, key)));
      } catch {
        // Missing, cut short, altered or unreadable: all of them mean that it has to be made again.
        return undefined;
      }
    },
    async save(key, graph) {
      try {
        const folder = await root?.getDirectoryHandle(FOLDER, { create: true });
        if (folder) return await writeArtifact(folder, key, graph);
      } catch {
        // No room, or no right to write: the model runs from memory.
      }
      return { shape: graph.shape, model: graph.model, weights: new Blob([...graph.weights]) };
    },
  };
}

async function readEntry(folder: FileSystemDirectoryHandle, key: string): Promise<Entry> {
  const file = await (await folder.getFileHandle(`${key}.json`)).getFile();
  return v.parse(Entry, JSON.parse(await file.text()));
}

async function readArtifact(folder: FileSystemDirectoryHandle, entry: Entry): Promise<Artifact> {
  const files = await folder.getDirectoryHandle(entry.folder);
  const [model, weights] = await Promise.all([
    readChecked(files, MODEL, entry.model),
    readChecked(files, WEIGHTS, entry.weights),
  ]);
  return { shape: entry.shape, model: new Uint8Array(await model.arrayBuffer()), weights };
}

async function readChecked(folder: FileSystemDirectoryHandle, name: string, stored: Entry['model']): Promise<File> {
  const file = await (await folder.getFileHandle(name)).getFile();
  if (file.size !== stored.bytes) throw new RangeError(`${name} has another size.`);
  const hashes = await sha256OfChunks(file);
  if (hashes.join() !== stored.sha256.join()) throw new RangeError(`${name} has another content.`);
  return file;
}

/** Writes the files aside, reads them back, and only then names them in the entry. */
async function writeArtifact(folder: FileSystemDirectoryHandle, key: string, graph: DecoderGraph): Promise<Artifact> {
  const previous = await readEntry(folder, key).catch(() => undefined);
  const entry: Entry = {
    folder: randomToken(),
    shape: graph.shape,
    model: await describe([graph.model]),
    weights: await describe(graph.weights),
  };
  try {
    const aside = await folder.getDirectoryHandle(entry.folder, { create: true });
    await writeFile(aside, MODEL, [graph.model]);
    await writeFile(aside, WEIGHTS, graph.weights);
    const artifact = await readArtifact(folder, entry);
    await writeFile(folder, `${key}.json`, [new TextEncoder().encode(JSON.stringify(entry))]);
    if (previous) await folder.removeEntry(previous.folder, { recursive: true }).catch(() => {});
    return artifact;
  } catch (error) {
    await folder.removeEntry(entry.folder, { recursive: true }).catch(() => {});
    throw error;
  }
}

async function describe(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<Entry['model']> {
  const blob = new Blob([...parts]);
  return { bytes: blob.size, sha256: await sha256OfChunks(blob) };
}

async function writeFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  parts: readonly Uint8Array<ArrayBuffer>[],
): Promise<void> {
  const handle = await folder.getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  try {
    for (const part of parts) await stream.write(part);
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => {});
    throw error;
  }
}
