import * as v from 'valibot';
import { createMutex } from '../../src/shared/mutex.ts';
import { namesIn } from './chunked-files.ts';
import { asStorageError, readJsonFile, writeWhole } from './files.ts';

/** Small JSON records in a folder, one file each, replaced as a whole. */
export interface Records<T> {
  /** The record, or undefined where there is none, or none that can be read now. */
  get(key: string): Promise<T | undefined>;
  /** @throws WebplatError `storage-full`; what was there before stays then. */
  set(key: string, value: T): Promise<void>;
  remove(key: string): Promise<void>;
  /**
   * All records; files that hold none are removed. A record that the disk does not give out now is left out and kept.
   *
   * @param complete where something is done to what no record names: then such a record is an error instead.
   */
  all(complete?: 'complete'): Promise<ReadonlyMap<string, T>>;
}

const KEY = /^[0-9a-f]{32,64}$/;

/** Records of `schema` in the folder `name` below `root`. Keys are hexadecimal, so that none of them is a path. */
export function createRecords<S extends v.GenericSchema>(
  root: FileSystemDirectoryHandle,
  name: string,
  schema: S,
): Records<v.InferOutput<S>> {
  // A file that is being made is empty at first: whoever listed the folder then would take it for one that cannot be read.
  const turns = createMutex();
  const folder = () => root.getDirectoryHandle(name, { create: true });
  const fileOf = (key: string) => {
    if (!KEY.test(key)) throw new RangeError('A record has another key.');
    return `${key}.json`;
  };

  /** The record, or undefined where the file holds none. @throws where there is no file, or it cannot be read now. */
  async function read(key: string): Promise<v.InferOutput<S> | undefined> {
    const content = await readJsonFile(await folder(), fileOf(key)).catch((error: unknown) => {
      if (!(error instanceof SyntaxError)) throw error;
    });
    const parsed = v.safeParse(schema, content);
    return parsed.success ? parsed.output : undefined;
  }

  async function all(complete?: 'complete'): Promise<ReadonlyMap<string, v.InferOutput<S>>> {
    const found = new Map<string, v.InferOutput<S>>();
    const where = await folder();
    for (const file of await namesIn(where)) {
      const key = file.replace(/\.json$/, '');
      try {
        const value = file.endsWith('.json') && KEY.test(key) ? await read(key) : undefined;
        if (value === undefined) await where.removeEntry(file, { recursive: true }).catch(() => {});
        else found.set(key, value);
      } catch (error) {
        if (complete) throw error;
      }
    }
    return found;
  }

  async function set(key: string, value: v.InferOutput<S>): Promise<void> {
    try {
      await writeWhole(await folder(), fileOf(key), JSON.stringify(v.parse(schema, value)));
    } catch (error) {
      throw asStorageError(error);
    }
  }

  return {
    get: (key) => read(key).catch(() => undefined),
    set: (key, value) => turns.run(() => set(key, value)),
    remove: (key) => turns.run(async () => (await folder()).removeEntry(fileOf(key)).catch(() => {})),
    all: (complete) => turns.run(() => all(complete)),
  };
}
