import * as v from 'valibot';
import { WebplatError } from '../../../../src/protocol/errors.ts';
import { ADAPTER_CONFIG, ADAPTER_FOLDER, ADAPTER_WEIGHTS } from '../../../../src/protocol/model-files.ts';
import { createMutex, type Mutex } from '../../../../src/shared/mutex.ts';
import { type AdapterWeights, openAdapter } from '../../../checkpoint/adapter.ts';
import { parseAdapterConfig } from '../../../checkpoint/adapter-config.ts';
import type { ParamTable } from '../../../checkpoint/checkpoint.ts';
import type { ComponentName } from '../../../families/family.ts';
import type { AdaptedLayers, AdaptedProduct } from '../../../graphs/build/adapted.ts';
import type { ModelReader } from '../../../store/model-reader.ts';
import type { MemoryUse } from '../../engine.ts';
import { type ModelTexts, readModelTexts } from '../model-texts.ts';
import type { PlannedComponent } from '../plan.ts';
import type { MakeSlot, WeightSlot } from '../weight-slots.ts';
import { feedBytes, makeFeeds } from './feeds.ts';

export interface AdaptersEnvironment {
  /** The files of an adapter that the engine told of. */
  filesOf(adapter: number): ModelReader;
  /** The model that adapters change. */
  readonly base: { readonly table: ParamTable; readonly reader: ModelReader; readonly config: unknown };
  /** What of all components is changed where adapters change these layers. */
  productsOf(layers: AdaptedLayers): readonly AdaptedProduct[];
  readonly makeSlot: MakeSlot;
  /** Whether tensors lie on the graphics device. */
  readonly onDevice: boolean;
  /** Takes memory; answers how it is given back. @throws WebplatError `out-of-memory` */
  reserve(need: MemoryUse): Promise<() => void>;
}

/** An adapter that a request uses. */
export interface UsedAdapter {
  /** The model's texts, those of the adapter in their place. */
  readonly texts: ModelTexts;
  /** Makes what a component is fed, if it was not made before. */
  prepare(planned: PlannedComponent): Promise<void>;
  /** What was prepared. */
  feedsOf(component: ComponentName): WeightSlot['tensors'];
  release(): void;
}

/** Adapters of one model, each opened when it is first needed. */
export interface Adapters {
  use(adapter: number): Promise<UsedAdapter>;
  /** Layers that any of the adapters which were opened so far changes; another object whenever there are more. */
  readonly layers: AdaptedLayers;
  /** Bytes of what they feed, and how much of it no request uses. */
  bytes(): number;
  idleBytes(): number;
  /** Lets go of the one that was not used for longest; false when all are in use. */
  dropOne(): boolean;
}

interface Fed {
  readonly planned: PlannedComponent;
  readonly slot: WeightSlot;
  readonly bytes: number;
  giveBack(): void;
}

interface Opened {
  readonly texts: ModelTexts;
  readonly weights: AdapterWeights;
  readonly fed: Map<ComponentName, Fed>;
  readonly making: Mutex;
  users: number;
  lastUsed: number;
}

export function createAdapters(environment: AdaptersEnvironment): Adapters {
  const { base, makeSlot, onDevice } = environment;
  const opened = new Map<number, Promise<Opened>>();
  const ready = new Map<number, Opened>();
  let layers: AdaptedLayers = new Map();
  let uses = 0;

  async function open(adapter: number): Promise<Opened> {
    const files = environment.filesOf(adapter);
    const config = parseAdapterConfig(await files.json(`${ADAPTER_FOLDER}${ADAPTER_CONFIG}`));
    const path = `${ADAPTER_FOLDER}${ADAPTER_WEIGHTS}`;
    const file = await files.open(path);
    await files.checked([path]);
    const weights = await openAdapter(file, config, base.table);
    grow(weights);
    const texts = await readAdaptedTexts(base, files);
    const made = { texts, weights, fed: new Map(), making: createMutex(), users: 0, lastUsed: 0 };
    ready.set(adapter, made);
    return made;
  }

  /** @throws WebplatError `model-unsupported` for a layer that no graph has as one that can be changed */
  function grow({ changes }: AdapterWeights): void {
    const all = new Map(layers);
    for (const [name, { kind }] of changes) if (all.get(name) !== 'replaced') all.set(name, kind);
    const products = environment.productsOf(new Map([...changes].map(([name, { kind }]) => [name, kind])));
    const reached = new Set(products.flatMap((product) => product.layers.map(({ name }) => name)));
    const beside = products.find((product) => product.replaced && product.layers.length > 1);
    const missed = [...changes.keys()].find((name) => !reached.has(name)) ?? beside?.name;
    if (missed !== undefined) {
      const reason = `The adapter changes ${missed.slice(0, 128)} in a way that does not run here.`;
      throw new WebplatError('model-unsupported', undefined, { reason });
    }
    const isNew = all.size > layers.size || [...all].some(([name, kind]) => layers.get(name) !== kind);
    if (isNew) layers = all;
  }

  function forget({ fed }: Opened): void {
    for (const { slot, giveBack } of fed.values()) {
      slot.dispose();
      giveBack();
    }
    fed.clear();
  }

  async function prepare(adapter: Opened, planned: PlannedComponent): Promise<void> {
    const before = adapter.fed.get(planned.name);
    if (before?.planned === planned) return;
    if (before) {
      adapter.fed.delete(planned.name);
      before.slot.dispose();
      before.giveBack();
    }
    const request = { products: planned.graph.adapted ?? [], float: planned.storage.float, weights: adapter.weights };
    const bytes = feedBytes(request);
    // Nothing is asked for where nothing is needed: the budget may be lower than what is there by now.
    const giveBack =
      bytes === 0
        ? () => {}
        : await environment.reserve({ gpuBytes: onDevice ? bytes : 0, cpuBytes: onDevice ? 0 : bytes });
    try {
      const slot = await makeFeeds(request, makeSlot);
      adapter.fed.set(planned.name, { planned, slot, bytes, giveBack });
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  const bytesOf = (some: readonly Opened[]): number =>
    some.flatMap(({ fed }) => [...fed.values()]).reduce((sum, { bytes }) => sum + bytes, 0);
  const idle = (): Opened[] =>
    [...ready.values()].filter(({ users, fed }) => users === 0 && fed.size > 0).sort((a, b) => a.lastUsed - b.lastUsed);

  return {
    async use(id) {
      const opening = opened.get(id) ?? open(id);
      opened.set(id, opening);
      const adapter = await opening.catch((error) => {
        opened.delete(id);
        throw error;
      });
      uses += 1;
      adapter.users += 1;
      adapter.lastUsed = uses;
      let released = false;
      return {
        texts: adapter.texts,
        prepare: (planned) => adapter.making.run(() => prepare(adapter, planned)),
        feedsOf: (component) => adapter.fed.get(component)?.slot.tensors ?? {},
        release() {
          if (!released) adapter.users -= 1;
          released = true;
        },
      };
    },
    get layers() {
      return layers;
    },
    bytes: () => bytesOf([...ready.values()]),
    idleBytes: () => bytesOf(idle()),
    dropOne() {
      const [oldest] = idle();
      if (oldest) forget(oldest);
      return oldest !== undefined;
    },
  };
}

const Labelled = v.object({ id2label: v.optional(v.record(v.string(), v.string())) });

/** An adapter brings its own tokenizer and names of classes where it was trained with others. */
async function readAdaptedTexts(
  { reader, config }: AdaptersEnvironment['base'],
  files: ModelReader,
): Promise<ModelTexts> {
  const own = (path: string) => `${ADAPTER_FOLDER}${path}`;
  const labels = v.safeParse(Labelled, await files.json(own('config.json')));
  return readModelTexts({
    async json(path) {
      // The graph is the model's, whatever an adapter's configuration says of it.
      if (path === 'config.json') return { ...(config as object), ...(labels.success && labels.output) };
      return (await files.json(own(path))) ?? reader.json(path);
    },
  });
}
