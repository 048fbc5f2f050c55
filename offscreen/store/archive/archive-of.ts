import { expectedFiles } from '../../onnx/model-files.ts';
import type { ChunkedFiles } from '../chunked-files.ts';
import type { FileStore } from '../file-store.ts';
import type { JobReport } from '../jobs.ts';
import type { ModelRecord } from '../model-record.ts';
import type { ArchiveList } from './archive-list.ts';
import { LIST_PATH } from './archive-list.ts';
import type { TarFile } from './read-tar.ts';
import { FilesRefused, quoted } from './refusal.ts';
import { writeTar } from './write-tar.ts';

/**
 * Checks every byte of a stored model and makes one archive of it, which refers to the files on disk.
 *
 * @throws FilesRefused when a file is not here or damaged.
 */
export async function archiveOf(
  record: ModelRecord,
  { fileStore, files }: { readonly fileStore: FileStore; readonly files: ChunkedFiles },
  signal: AbortSignal,
  report: JobReport,
): Promise<Blob> {
  const { card, commit, isPrivate } = record;
  const stored = await fileStore.stored();
  const wanted = expectedFiles(record.files, ({ sha256 }) => sha256 !== undefined && stored.has(sha256));
  report.total(
    wanted.length,
    wanted.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  const contents: TarFile[] = [];
  const listed: ArchiveList['files'] = [];
  for (const { path, bytes, sha256 } of wanted) {
    const verdict = sha256 === undefined ? 'missing' : await fileStore.check(sha256, signal, report.bytes);
    const found = sha256 === undefined || verdict !== 'intact' ? undefined : await fileStore.find(sha256);
    const content = found && (await files.blob(found.file));
    if (sha256 === undefined || !content) throw notHere(path, verdict);
    contents.push({ path, content });
    listed.push({ path, bytes, sha256 });
    report.file();
  }
  const list: ArchiveList = {
    webplat: 1,
    name: card.name,
    licence: card.licence,
    ...(commit !== undefined && { commit }),
    isPrivate,
    files: listed,
  };
  return writeTar([{ path: LIST_PATH, content: new Blob([JSON.stringify(list, undefined, 2)]) }, ...contents]);
}

function notHere(path: string, verdict: 'intact' | 'damaged' | 'missing'): FilesRefused {
  return verdict === 'damaged'
    ? new FilesRefused('broken', `${quoted(path)} is damaged on disk.`)
    : new FilesRefused('incomplete', `${quoted(path)} is not on disk.`);
}
