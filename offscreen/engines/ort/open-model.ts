import { WebplatError } from '../../../src/protocol/errors.ts';
import type { StoredPrecision } from '../../../src/protocol/hardware.ts';
import type { Precision } from '../../../src/protocol/hardware-names.ts';
import type { Placement, Streaming } from '../../../src/protocol/model.ts';
import { abortable } from '../../../src/shared/abort.ts';
import { createMutex } from '../../../src/shared/mutex.ts';
import type { ParamTable } from '../../checkpoint/checkpoint.ts';
import { openCheckpoint } from '../../checkpoint/open-checkpoint.ts';
import type { ConverterWorker } from '../../convert/converter-workers.ts';
import { converterCount, createConverters } from '../../convert/converters.ts';
import { isGraphFile, type ModelFamily } from '../../families/family.ts';
import { familyOf } from '../../families/registry.ts';
import type { AdaptedLayers, AdaptedProduct } from '../../graphs/build/adapted.ts';
import { storageOf } from '../../graphs/graph.ts';
import { isExported } from '../../onnx/exported.ts';
import type { Busy } from '../../schedule/busy.ts';
import { createArtifactStore } from '../../store/artifacts.ts';
import { openPrivateFiles } from '../../store/files.ts';
import type { ModelFile, ModelFiles } from '../../store/manifest.ts';
import { createModelReader } from '../../store/model-reader.ts';
import type { TaskModel } from '../../tasks/task-model.ts';
import type { ComponentProgress, MemoryUse, ModelUse } from '../engine.ts';
import { type Adapters, createAdapters, type UsedAdapter } from './adapters/adapters.ts';
import { compileComponent } from './compile.ts';
import { adaptable } from './component-entry.ts';
import { createComponents } from './components.ts';
import type { FixedSessions } from './fixed-session.ts';
import { type ModelTexts, readModelTexts } from './model-texts.ts';
import { openExportedModel } from './onnx-model.ts';
import { emptyMemory } from './plan.ts';
import { memoryOf, openRealm } from './realm.ts';
import { type StartedComponent, startComponent } from './start-component.ts';
import type { Tier } from './tiers.ts';
import { componentsFor, usedModel } from './used-model.ts';
import { deviceSlots, hostSlots } from './weight-slots.ts';

export interface OpenRequest {
  readonly tier: Tier;
  readonly contentHash: string;
  readonly files: readonly ModelFile[];
  readonly service: ModelFiles;
  /** The files of an adapter that the engine told of. */
  adapterFiles(adapter: number): { readonly files: readonly ModelFile[]; readonly service: ModelFiles };
  /** How linear layers are stored; chosen for each component if left out. */
  readonly precision: Precision | undefined;
  readonly assetBase: URL;
  /** Loads one component after the other, each in one piece: what loading in parallel is compared with. */
  readonly inSequence: boolean;
  /** Whether requests are computed, of whatever model: conversion lets them go first. */
  readonly busy: Busy;
  /** Starts a worker that makes weights. */
  readonly spawnConverter: () => ConverterWorker;
  onProgress(progress: ComponentProgress): void;
  onDropped(component: string): void;
  /** Asks for memory; answers the budget that stands in the way, or undefined when it is granted. */
  admit(need: MemoryUse): Promise<number | undefined>;
}

/** What a model is used for, and the adapter that changes it. */
export interface AdaptedUse extends ModelUse {
  readonly adapter?: number | undefined;
}

/** A model that stays as it is until the use of it is ended. */
export interface UsedModel {
  readonly model: TaskModel;
  release(): void;
}

/** A model whose components are loaded as they are needed. */
export interface OpenModel {
  readonly adapter?: string;
  /** Settles when the device is lost or cannot be trusted any more. */
  readonly broken: Promise<WebplatError>;
  /** Tokens of the decoder's context, when one is loaded. */
  readonly contextTokens: number | undefined;
  /** How the components that are loaded are stored. */
  readonly precision: StoredPrecision | undefined;
  /** Requests that are worked on at once. */
  readonly maxSequences: number;
  /** Loads what is missing for a use of the model. */
  use(use: AdaptedUse, signal: AbortSignal): Promise<UsedModel>;
  /** The texts of the model, or of an adapter of it. */
  texts(adapter: number | undefined): Promise<ModelTexts>;
  /** Lets go of components that nobody uses, where that gives memory back. */
  dropIdle(): Promise<void>;
  memory(): MemoryUse;
  /** Where components run, on tiers that may leave operators to the processor. */
  placements(): readonly Placement[];
  /** How a decoder is streamed that is not in memory as a whole. */
  streaming(): Streaming | undefined;
}

/**
 * Opens a model in this realm. A realm is good for one attempt: a runtime that failed to start a device cannot start one
 * again.
 *
 * @throws WebplatError for what is wrong with the model, {@link TierRefused} for what is wrong with the tier.
 */
export async function openModel(request: OpenRequest): Promise<OpenModel> {
  const {
    tier,
    files,
    service,
    precision,
    assetBase,
    contentHash,
    inSequence,
    busy,
    spawnConverter,
    admit,
    onProgress,
    onDropped,
  } = request;
  const source = createModelReader(files, service, new AbortController().signal);
  const texts = await readModelTexts(source);
  const { config } = texts;
  if (isExported(source.paths, config)) return openExportedModel(request, source, texts);
  const family = familyOf(config);
  const realm = await openRealm(tier, assetBase);
  const { owned, webnn } = realm;
  /** Components that are sessions of fixed sizes. */
  const fixed = new Set<FixedSessions>();
  const { table, reader } = await openCheckpoint(source);
  const root = await openPrivateFiles();
  const store = createArtifactStore(root);
  const converters = root
    ? createConverters({
        count: inSequence ? 1 : converterCount(),
        files,
        config,
        service,
        busy,
        spawn: spawnConverter,
      })
    : undefined;
  const compile = { files: source, table, reader, family, contentHash, store, converters, onProgress };
  const oneByOne = createMutex();

  const components = createComponents<StartedComponent>({
    emitterOf(name) {
      const emit = isGraphFile(name) ? undefined : family.components[name];
      return emit && ((storage) => emit(config, table, storage));
    },
    tier,
    precision,
    taken: emptyMemory(tier),
    adapted: () => adapters.layers,
    dropOther: () => adapters.dropOne(),
    admit,
    onProgress,
    onDropped,
    close(started) {
      if (started.fixed) fixed.delete(started.fixed);
      return started.close();
    },
    async bring(planned, options) {
      const work = async () => {
        const artifact = await compileComponent(compile, planned, options);
        onProgress({ component: planned.name, phase: 'compile', doneBytes: 0, totalBytes: 1 });
        const { maxSequences } = options;
        const cross = () => components.get('cross').session.session;
        const started = await startComponent(planned, artifact, { tier, ...realm, maxSequences, cross });
        if (started.fixed) fixed.add(started.fixed);
        return started;
      };
      return inSequence ? oneByOne.run(work) : work();
    },
  });

  const adapters: Adapters = createAdapters({
    filesOf(adapter) {
      const told = request.adapterFiles(adapter);
      return createModelReader(told.files, told.service, new AbortController().signal);
    },
    base: { table, reader: source, config },
    productsOf: (layers) => productsOf(family, config, table, layers),
    makeSlot: owned ? deviceSlots(realm.runtime.ort, owned.device) : hostSlots(realm.runtime.ort),
    onDevice: owned !== undefined,
    reserve: (need) => components.reserve(need),
  });

  async function useModel({ adapter: wanted, ...use }: AdaptedUse, signal: AbortSignal): Promise<UsedModel> {
    if (wanted !== undefined && webnn) {
      throw new WebplatError('model-unsupported', undefined, { reason: 'Adapters do not run on WebNN.' });
    }
    const adapter = wanted === undefined ? undefined : await useAdapter(adapters, wanted, signal);
    try {
      const names = componentsFor(use, family, config);
      const releaseAll = await components.use(names, signal, adapter !== undefined);
      const release = () => {
        releaseAll();
        adapter?.release();
      };
      try {
        for (const name of names) await adapter?.prepare(components.get(name).planned);
      } catch (error) {
        releaseAll();
        throw error;
      }
      return { model: usedModel({ components, family, config, texts, adapter }), release };
    } catch (error) {
      adapter?.release();
      throw error;
    } finally {
      converters?.rest();
    }
  }

  // A language model with another one's tokenizer is found out now, not at the first request.
  if (texts.file('tokenizer.json') !== undefined && family.tasks(config)['text-generation']) texts.tokenizer();
  return {
    ...(owned && { adapter: owned.adapterName }),
    broken: owned?.broken ?? new Promise<never>(() => {}),
    get contextTokens() {
      return components.decoder?.contextTokens;
    },
    get precision() {
      return components.precision;
    },
    get maxSequences() {
      return components.maxSequences;
    },
    use: useModel,
    async texts(adapter) {
      if (adapter === undefined) return texts;
      const used = await adapters.use(adapter);
      used.release();
      return used.texts;
    },
    // The memory of WebAssembly modules never shrinks: there, leaving would only cost the time of coming back.
    async dropIdle() {
      while (adapters.dropOne());
      if (owned || webnn) await components.dropIdle();
    },
    memory: () => memoryOf(realm, { components, adapters, webnnBytes: sumOf(fixed) }),
    streaming: () => components.find(({ streamed }) => streamed !== undefined)?.streamed?.streaming(),
    placements: () => [...fixed].map((sessions) => sessions.placement()),
  };
}

/** Whoever gives up while an adapter is opened does not keep it. */
async function useAdapter(adapters: Adapters, wanted: number, signal: AbortSignal): Promise<UsedAdapter> {
  const using = adapters.use(wanted);
  try {
    return await abortable(using, signal);
  } catch (error) {
    using.then(
      ({ release }) => release(),
      () => {},
    );
    throw error;
  }
}

/** What of all components is changed where adapters change these layers. */
function productsOf(
  { components }: ModelFamily,
  config: unknown,
  table: ParamTable,
  layers: AdaptedLayers,
): readonly AdaptedProduct[] {
  const storage = adaptable(storageOf('fp32'), layers);
  return Object.values(components).flatMap((emit) => emit(config, table, storage).adapted ?? []);
}

/** Bytes of the weights in all sessions. */
const sumOf = (all: Iterable<FixedSessions>): number => [...all].reduce((sum, sessions) => sum + sessions.bytes(), 0);
