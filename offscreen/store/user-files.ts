import { WebplatError } from '../../src/protocol/errors.ts';
import type { ArchiveSummary, PickedFiles } from '../../src/protocol/model-files.ts';
import { parseModelName } from '../../src/protocol/model-name.ts';
import type { DownloadSettings } from '../../src/protocol/settings.ts';
import { createMutex } from '../../src/shared/mutex.ts';
import { archiveOf } from './archive/archive-of.ts';
import { openArchive, summaryOf } from './archive/open-archive.ts';
import { FilesRefused } from './archive/refusal.ts';
import { checkModel } from './check-model.ts';
import type { ChunkedFiles } from './chunked-files.ts';
import type { Disk } from './disk.ts';
import type { FileStore } from './file-store.ts';
import type { JobReport, Jobs } from './jobs.ts';
import type { ModelStore } from './model-store.ts';
import { baseFiles } from './sources/adapter-model.ts';
import { addressesOf } from './sources/addresses.ts';
import { type IncomingModel, takeIn } from './take-in.ts';

/** What of the store this works with. */
export interface UserFilesParts {
  readonly models: ModelStore;
  readonly fileStore: FileStore;
  readonly files: ChunkedFiles;
  readonly makeRoom: Disk['makeRoom'];
}

export interface UserFilesEnvironment {
  readonly parts: () => Promise<UserFilesParts>;
  readonly jobs: Jobs;
  readonly settings: () => DownloadSettings;
  readonly now: () => number;
}

/** Files that the user brings, takes away and has checked. Whatever is read or written is a job that can be stopped. */
export interface UserFiles {
  /** Begins to take files in as a model; answers the job. @throws FilesRefused where such an import is under way */
  importFiles(name: string, files: PickedFiles): string;
  /** @throws FilesRefused */
  inspect(archive: Blob): Promise<ArchiveSummary>;
  /** Begins to take the model of an archive in under the name that the user was shown. @throws FilesRefused */
  restore(archive: Blob, name: string): Promise<string>;
  /** A checked archive of a model, which refers to the files on disk. @throws FilesRefused, WebplatError */
  exportModel(name: string): Promise<Blob>;
  /** Begins a check; false when there is no such model. */
  check(name: string): Promise<boolean>;
}

export function createUserFiles({ parts, jobs, settings, now }: UserFilesEnvironment): UserFiles {
  /** One import at a time: two that share files would not know of whom these are when one of them fails. */
  const turns = createMutex();

  function begin(incoming: IncomingModel): string {
    const { name } = incoming;
    if (jobs.isRunning('import', name)) throw new FilesRefused('taken', 'Files are being imported under this name.');
    const { id, done } = jobs.start('import', name, (signal, report) =>
      turns.run(async () => {
        signal.throwIfAborted();
        const { models, fileStore, makeRoom } = await parts();
        // An adapter's files are of two repositories, and of which versions an archive does not say.
        const isAdapted = baseFiles(incoming.files).length < incoming.files.length;
        const nowhere = () => [];
        const urlsOf = (model: string, commit: string | undefined, path: string) =>
          addressesOf(model, commit, path, settings());
        await takeIn(
          { models, fileStore, makeRoom, urlsOf: isAdapted ? nowhere : urlsOf, now },
          incoming,
          signal,
          report,
        );
      }),
    );
    // How it ended is what the job tells.
    done.catch(() => {});
    return id;
  }

  return {
    importFiles: (name, files) =>
      begin({ name, licence: 'unknown', isPrivate: false, fromArchive: false, files, hashes: new Map() }),
    inspect: async (archive) => summaryOf(await openArchive(archive)),
    async restore(archive, name) {
      const { list, files } = await openArchive(archive);
      const isRight = list ? list.name === name : parseModelName(name)?.scheme === 'file';
      if (!isRight) throw new FilesRefused('lying', 'The archive is not the one that was shown.');
      return begin({
        name,
        licence: list?.licence ?? 'unknown',
        commit: list?.commit,
        isPrivate: list?.isPrivate ?? false,
        fromArchive: list !== undefined,
        files,
        hashes: new Map(list?.files.map(({ path, sha256 }) => [path, sha256])),
      });
    },
    async exportModel(name) {
      const { models, fileStore, files } = await parts();
      const record = await models.record(name);
      if (!record) throw new WebplatError('unknown-model');
      if (jobs.isRunning('export', name)) throw new FilesRefused('taken', 'The model is being exported already.');
      const work = (signal: AbortSignal, report: JobReport) => archiveOf(record, { fileStore, files }, signal, report);
      // A good end is not shown: the archive is still to be written.
      return jobs.start('export', name, work, false).done;
    },
    async check(name) {
      const { models, fileStore } = await parts();
      const record = await models.record(name);
      if (!record) return false;
      if (jobs.isRunning('check', name)) return true;
      jobs.start('check', name, (signal, report) => checkModel(record, fileStore, signal, report)).done.catch(() => {});
      return true;
    },
  };
}
