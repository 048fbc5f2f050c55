import * as v from 'valibot';
import { createMutex } from '../../src/shared/mutex.ts';
import { namesIn } from './chunked-files.ts';
import { asStorageError, readJsonFile, writeWhole } from './files.ts';

/** Small JSON records in a folder, one file each, replaced as a whole. */
export interface Records<T> {
  /** The record, or undefined where there is none or it cannot be read. */
  get(key: string): Promise<T | undefined>;
  /** @throws WebplatError `storage-full`; what was there before stays then. */
  set(key: string, value: T): Promise<void>;
  remove(key: string): Promise<void>;
  /** All that can be read; what cannot is removed. */
  all(): Promise<ReadonlyMap<string, T>>;
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

  async function get(key: string): Promise<v.InferOutput<S> | undefined> {
    try {
      const parsed = v.safeParse(schema, await readJsonFile(await folder(), fileOf(key)));
      return parsed.success ? parsed.output : undefined;
    } catch {
      return undefined;
    }
  }

  async function all(): Promise<ReadonlyMap<string, v.InferOutput<S>>> {
    const found = new Map<string, v.InferOutput<S>>();
    const where = await folder();
    for (const file of await namesIn(where)) {
      const key = file.replace(/\.json$/, '');
      const value = file.endsWith('.json') && KEY.test(key) ? await get(key) : undefined;
      if (value === undefined) await where.removeEntry(file, { recursive: true }).catch(() => {});
      else found.set(key, value);
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
    get,
    set: (key, value) => turns.run(() => set(key, value)),
    remove: (key) => turns.run(async () => (await folder()).removeEntry(fileOf(key)).catch(() => {})),
    all: () => turns.run(all),
  };
}
