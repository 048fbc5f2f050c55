import * as v from 'valibot';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { type ArchiveSummary, type PickedFiles, runTimeFiles } from '../../../src/protocol/model-files.ts';
import { parseModelName } from '../../../src/protocol/model-name.ts';
import { ArchiveList, LIST_PATH, MOST_LIST_BYTES } from './archive-list.ts';
import { readTar, type TarFile } from './read-tar.ts';
import { FilesRefused, quoted } from './refusal.ts';

/** What an archive has: an export with its list, or files that somebody packed. */
export interface OpenedArchive {
  readonly list: ArchiveList | undefined;
  /** Files that a model may need, by their names inside it. */
  readonly files: PickedFiles;
}

/**
 * Opens an archive. Of an export, every file must be listed with its size and every listed file be there; of other archives
 * only what a model may need is taken. Contents are not read.
 *
 * @throws FilesRefused
 */
export async function openArchive(archive: Blob, signal?: AbortSignal): Promise<OpenedArchive> {
  const entries = await readTar(archive, signal);
  const list = entries.find(({ path }) => path === LIST_PATH);
  const opened = list ? exported(await readList(list.content), entries) : { list: undefined, files: packed(entries) };
  if (opened.files.length === 0) throw new FilesRefused('incomplete', 'The archive has no file of a model.');
  if (opened.files.length > LIMITS.modelFiles) throw new FilesRefused('too-many', 'The archive has too many files.');
  return opened;
}

/** What is shown of an archive before anything is taken in. */
export function summaryOf({ list, files }: OpenedArchive): ArchiveSummary {
  return {
    ...(list && { name: list.name }),
    licence: list?.licence ?? 'unknown',
    files: files.length,
    bytes: files.reduce((sum, { file }) => sum + file.size, 0),
  };
}

async function readList(content: Blob): Promise<ArchiveList> {
  if (content.size > MOST_LIST_BYTES) throw new FilesRefused('lying', 'The list of files in the archive is too long.');
  const json = await content
    .text()
    .then(JSON.parse)
    .catch(() => undefined);
  const list = v.safeParse(ArchiveList, json);
  if (!list.success) throw new FilesRefused('lying', 'The list of files in the archive is not one that is understood.');
  if (parseModelName(list.output.name)?.scheme === 'packaged') {
    throw new FilesRefused('lying', 'The archive says that it is a model that comes with the extension.');
  }
  return list.output;
}

function exported(list: ArchiveList, entries: readonly TarFile[]): OpenedArchive {
  const contents = new Map(entries.map(({ path, content }) => [path, content]));
  contents.delete(LIST_PATH);
  const files = list.files.map(({ path, bytes }) => {
    const file = contents.get(path);
    if (!file)
      throw new FilesRefused('lying', `The archive lists ${quoted(path)}, which is not in it or listed twice.`);
    if (file.size !== bytes) throw new FilesRefused('lying', `The archive lists another size for ${quoted(path)}.`);
    contents.delete(path);
    return { path, file };
  });
  const [extra] = contents.keys();
  if (extra !== undefined) throw new FilesRefused('lying', `The archive has ${quoted(extra)}, which it does not list.`);
  return { list, files };
}

/** Files of a folder that was packed, with or without its own name before each of theirs. */
function packed(entries: readonly TarFile[]): PickedFiles {
  const [top] = entries[0]?.path.split('/') ?? [];
  const below = entries.every(({ path }) => path.startsWith(`${top}/`)) ? `${top}/`.length : 0;
  return runTimeFiles(entries.map(({ path, content }) => ({ path: path.slice(below), file: content })));
}
