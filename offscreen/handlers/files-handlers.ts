import type { Handlers } from '../../src/protocol/dispatch.ts';
import type { FILES_METHODS } from '../../src/protocol/methods.ts';
import type { UserFiles } from '../store/user-files.ts';

/** What the manager may do with files, on ports that the background checked. */
export function createFilesHandlers(files: UserFiles): Handlers<typeof FILES_METHODS, void> {
  return {
    'files.export': async ({ model }) => ({ archive: await files.exportModel(model) }),
    'files.import': ({ name, files: picked }) => ({ job: files.importFiles(name, picked) }),
    'files.inspect': ({ archive }) => files.inspect(archive),
    'files.restore': async ({ archive, name }) => ({ job: await files.restore(archive, name) }),
  };
}
