import * as v from 'valibot';
import type { StorageArea } from '../../platform/storage.ts';
import { createMutex } from '../../shared/mutex.ts';

/** One value in a storage area, with one writer: this background. Values are never changed in place. */
export interface Cell<T> {
  read(): Promise<T>;
  /**
   * Stores what `change` makes of the value, one change at a time. Nothing is stored, and nothing is remembered, when
   * `change` throws or the write fails; the same value back means that there is nothing to write.
   */
  update(change: (value: T) => T): Promise<T>;
  /** Whether a stored value could not be read, and lies aside under `KEY.damaged`. */
  isDamaged(): Promise<boolean>;
  /** Drops the copy that lies aside. */
  forgetDamage(): Promise<void>;
}

export interface CellOptions<S extends v.GenericSchema> {
  readonly area: StorageArea;
  readonly key: string;
  readonly schema: S;
  /** What holds when nothing is stored. */
  readonly initial: v.InferOutput<S>;
  /** What holds when nothing readable is stored: the value that allows least. `initial`, unless it is another one. */
  readonly whenDamaged?: () => v.InferOutput<S>;
  readonly version?: number;
  /** Turns the data of version N into that of version N + 1, by N. */
  readonly migrations?: Readonly<Record<number, (data: unknown) => unknown>>;
}

const Stored = v.strictObject({ version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)), data: v.unknown() });

/** A {@link Cell} that reads its area once in each life of the background. */
export function createCell<S extends v.GenericSchema>(options: CellOptions<S>): Cell<v.InferOutput<S>> {
  const { area, key } = options;
  const version = options.version ?? 1;
  const writes = createMutex();
  let loading: Promise<v.InferOutput<S>> | undefined;

  async function load(): Promise<v.InferOutput<S>> {
    const raw = await area.get(key);
    if (raw === undefined) return options.initial;
    const parsed = v.safeParse(options.schema, upgrade(raw, version, options.migrations));
    if (parsed.success) return parsed.output;
    const data = options.whenDamaged?.() ?? options.initial;
    await area.set({ [`${key}.damaged`]: raw, [key]: { version, data } });
    return data;
  }

  function read(): Promise<v.InferOutput<S>> {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  return {
    read,
    update: (change) =>
      writes.run(async () => {
        const before = await read();
        const after = change(before);
        if (after !== before) {
          await area.set({ [key]: { version, data: after } });
          loading = Promise.resolve(after);
        }
        return after;
      }),
    async isDamaged() {
      await read();
      return (await area.get(`${key}.damaged`)) !== undefined;
    },
    forgetDamage: () => area.remove(`${key}.damaged`),
  };
}

/** The data of a stored value in the present version; undefined, which no schema accepts, when that is impossible. */
function upgrade(raw: unknown, version: number, migrations: CellOptions<v.GenericSchema>['migrations'] = {}): unknown {
  const stored = v.safeParse(Stored, raw);
  if (!stored.success || stored.output.version > version) return undefined;
  let { data } = stored.output;
  for (let from = stored.output.version; from < version; from += 1) {
    const migrate = migrations[from];
    if (!migrate) return undefined;
    try {
      data = migrate(data);
    } catch {
      return undefined;
    }
  }
  return data;
}
