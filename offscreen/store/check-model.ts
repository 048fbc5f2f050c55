import type { FileStore } from './file-store.ts';
import type { JobReport } from './jobs.ts';
import type { ModelRecord } from './model-record.ts';

/** Reads every byte of a model that is here. What is damaged leaves the store and is brought anew, where that can be. */
export async function checkModel(
  { files }: ModelRecord,
  fileStore: Pick<FileStore, 'check' | 'find'>,
  signal: AbortSignal,
  report: JobReport,
): Promise<void> {
  const here = [];
  for (const file of files) {
    const { path, bytes, sha256 } = file;
    if (sha256 !== undefined && (await fileStore.find(sha256))) here.push({ path, bytes, sha256 });
  }
  report.total(
    here.length,
    here.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  for (const { path, sha256 } of here) {
    if ((await fileStore.check(sha256, signal, report.bytes)) === 'damaged') report.damaged(path);
    report.file();
  }
}
