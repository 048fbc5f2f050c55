import * as v from 'valibot';
import type { ParamReader } from '../checkpoint/checkpoint.ts';
import { type ConvertOptions, convertPart } from '../graphs/build/convert.ts';
import type { WeightPart } from '../graphs/build/graph-builder.ts';
import { sha256OfChunks } from './digest.ts';
import { openInPlace, readJsonFile, writeWhole } from './files.ts';

const FOLDER = 'artifacts';

/** What is noted of a file once all of it is on disk. */
export const StoredPart = v.strictObject({
  bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  /** Of each chunk, see `sha256OfChunks`. */
  sha256: v.array(v.string()),
});
export type StoredPart = v.InferOutput<typeof StoredPart>;

/** What lies beside a part that is finished. */
const PartNote = v.strictObject({
  ...StoredPart.entries,
  /** Which files it was made of: where one of them turned out to be wrong and was brought anew, the part is made anew too. */
  madeOf: v.string(),
});

/** The folder of compiled models; undefined where there is none, or no private file system. */
export async function artifactsFolder(
  root: FileSystemDirectoryHandle | undefined,
  create = false,
): Promise<FileSystemDirectoryHandle | undefined> {
  if (create) return root?.getDirectoryHandle(FOLDER, { create });
  return root?.getDirectoryHandle(FOLDER).catch(() => undefined);
}

/** A file, every byte of it compared with what was noted. @throws when it is missing or another. */
export async function readChecked(
  folder: FileSystemDirectoryHandle,
  name: string,
  { bytes, sha256 }: StoredPart,
): Promise<File> {
  const file = await (await folder.getFileHandle(name)).getFile();
  if (file.size !== bytes) throw new RangeError(`${name} has another size.`);
  const hashes = await sha256OfChunks(file);
  if (hashes.join() !== sha256.join()) throw new RangeError(`${name} has another content.`);
  return file;
}

/** What an earlier attempt noted of a part that it finished, if its file is still that, and was made of the same files. */
export async function finishedPart(
  folder: FileSystemDirectoryHandle,
  part: Pick<WeightPart, 'file' | 'bytes'>,
  madeOf: string,
): Promise<StoredPart | undefined> {
  try {
    const { madeOf: notedOf, ...stored } = v.parse(PartNote, await readJsonFile(folder, noteOf(part)));
    if (notedOf !== madeOf || stored.bytes !== part.bytes) return undefined;
    await readChecked(folder, part.file, stored);
    return stored;
  } catch {
    return undefined;
  }
}

const noteOf = ({ file }: Pick<WeightPart, 'file'>): string => `${file}.json`;

/** Makes the file of a part; the note of it is written last. Needs a worker: only there are files written in place. */
export async function makePartFile(
  folder: FileSystemDirectoryHandle,
  part: WeightPart,
  { reader, madeOf }: { readonly reader: ParamReader; readonly madeOf: string },
  options: ConvertOptions,
): Promise<StoredPart> {
  const handle = await folder.getFileHandle(part.file, { create: true });
  const file = await openInPlace(handle);
  try {
    file.truncate(part.bytes);
    const put = (offset: number, bytes: Uint8Array) => {
      if (file.write(bytes, { at: offset }) !== bytes.byteLength) throw new DOMException('', 'QuotaExceededError');
    };
    await convertPart(part, reader, put, options);
    file.flush();
  } finally {
    file.close();
  }
  const stored = { bytes: part.bytes, sha256: await sha256OfChunks(await handle.getFile()) };
  await writeWhole(folder, noteOf(part), JSON.stringify({ ...stored, madeOf }));
  return stored;
}

/** Why nothing can be written: there is no room on disk, or no right to write, which somebody else may have at the moment. */
export const Unwritable = v.picklist(['full', 'locked']);
export type Unwritable = v.InferOutput<typeof Unwritable>;

const UNWRITABLE: Readonly<Record<string, Unwritable>> = {
  QuotaExceededError: 'full',
  NoModificationAllowedError: 'locked',
};

/** What an error says of the disk; undefined where it is about something else. */
export const unwritableOf = (error: unknown): Unwritable | undefined =>
  error instanceof DOMException ? UNWRITABLE[error.name] : undefined;

/** The error of which `unwritableOf` says this. */
export function unwritableError(why: Unwritable): DOMException {
  const [name] = Object.entries(UNWRITABLE).find(([, known]) => known === why) ?? [];
  return new DOMException('', name);
}
