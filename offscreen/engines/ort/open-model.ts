import { WebplatError } from '../../../src/protocol/errors.ts';
import type { StoredPrecision } from '../../../src/protocol/hardware.ts';
import type { Precision } from '../../../src/protocol/hardware-names.ts';
import type { Placement, Streaming } from '../../../src/protocol/model.ts';
import { createMutex } from '../../../src/shared/mutex.ts';
import { openCheckpoint } from '../../checkpoint/open-checkpoint.ts';
import { converterCount, createConverters } from '../../convert/converters.ts';
import { type ComponentName, isGraphFile, type ModelFamily } from '../../families/family.ts';
import { familyOf } from '../../families/registry.ts';
import { isExported } from '../../onnx/exported.ts';
import type { Busy } from '../../schedule/busy.ts';
import { createArtifactStore } from '../../store/artifacts.ts';
import { openPrivateFiles } from '../../store/files.ts';
import type { ModelFile, ModelFiles } from '../../store/manifest.ts';
import { createModelReader } from '../../store/model-reader.ts';
import type { TaskModel } from '../../tasks/task-model.ts';
import type { ComponentProgress, MemoryUse, ModelUse } from '../engine.ts';
import { compileComponent } from './compile.ts';
import { createComponents } from './components.ts';
import type { FixedSessions } from './fixed-session.ts';
import { readModelTexts } from './model-texts.ts';
import { openExportedModel } from './onnx-model.ts';
import { emptyMemory } from './plan.ts';
import { memoryOf, openRealm } from './realm.ts';
import { type StartedComponent, startComponent } from './start-component.ts';
import type { Tier } from './tiers.ts';

export interface OpenRequest {
  readonly tier: Tier;
  readonly contentHash: string;
  readonly files: readonly ModelFile[];
  readonly service: ModelFiles;
  /** How linear layers are stored; chosen for each component if left out. */
  readonly precision: Precision | undefined;
  readonly assetBase: URL;
  /** Loads one component after the other, each in one piece: what loading in parallel is compared with. */
  readonly inSequence: boolean;
  /** Whether requests are computed, of whatever model: conversion lets them go first. */
  readonly busy: Busy;
  onProgress(progress: ComponentProgress): void;
  onDropped(component: string): void;
  /** Asks for memory; answers the budget that stands in the way, or undefined when it is granted. */
  admit(need: MemoryUse): Promise<number | undefined>;
}

/** A model whose components are loaded as they are needed. */
export interface OpenModel extends TaskModel {
  readonly adapter?: string;
  /** Settles when the device is lost or cannot be trusted any more. */
  readonly broken: Promise<WebplatError>;
  /** Tokens of the decoder's context, when one is loaded. */
  readonly contextTokens: number | undefined;
  /** How the components that are loaded are stored. */
  readonly precision: StoredPrecision | undefined;
  /** Requests that are worked on at once. */
  readonly maxSequences: number;
  /** Loads what is missing for a use of the model, and keeps it until the function that is returned is called. */
  use(use: ModelUse, signal: AbortSignal): Promise<() => void>;
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
  const { tier, files, service, precision, assetBase, contentHash, inSequence, busy, admit, onProgress, onDropped } =
    request;
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
    ? createConverters({ count: inSequence ? 1 : converterCount(), files, config, service, busy })
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

  // A language model with another one's tokenizer is found out now, not at the first request.
  if (texts.file('tokenizer.json') !== undefined && family.tasks(config)['text-generation']) texts.tokenizer();
  return {
    ...texts,
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
    component(graph) {
      const [name] = componentsFor({ task: 'tensors', ...(graph && { graph }) }, family, config);
      return components.get(name as ComponentName).session.running;
    },
    has: (name) => !isGraphFile(name) && family.components[name] !== undefined,
    graph(name) {
      const component = components.get(name).session.running;
      if ('graph' in component) return component.graph;
      throw new WebplatError('internal');
    },
    decoder(name) {
      const component = components.get(name).session.running;
      if ('decoder' in component) return component.decoder;
      throw new WebplatError('internal');
    },
    async use(use, signal) {
      try {
        return await components.use(componentsFor(use, family, config), signal);
      } finally {
        converters?.rest();
      }
    },
    // The memory of WebAssembly modules never shrinks: there, leaving would only cost the time of coming back.
    dropIdle: async () => (owned || webnn ? components.dropIdle() : undefined),
    memory: () => memoryOf(realm, components, sumOf(fixed)),
    streaming: () => components.find(({ streamed }) => streamed !== undefined)?.streamed?.streaming(),
    placements: () => [...fixed].map((sessions) => sessions.placement()),
  };
}

/** Bytes of the weights in all sessions. */
const sumOf = (all: Iterable<FixedSessions>): number => [...all].reduce((sum, sessions) => sum + sessions.bytes(), 0);

/** Components for a use: those of a task, or the one graph that tensors are run on. */
function componentsFor(
  { task, graph }: ModelUse,
  { tasks, components }: ModelFamily,
  config: unknown,
): readonly ComponentName[] {
  if (task !== 'tensors') {
    const names = tasks(config)[task];
    if (names) return names;
    throw new WebplatError('model-unsupported', undefined, { reason: `The model does not do ${task}.` });
  }
  const known = Object.keys(components) as ComponentName[];
  const named = known.filter((name) => graph === undefined || name === graph);
  // Keys and values of an encoder's states are computed by a graph of their own, whoever wants the decoder.
  if (named.length === 1) return named[0] === 'decoder' && components.cross ? ['decoder', 'cross'] : named;
  throw new WebplatError('invalid-request', `graph must be one of ${known.join(', ')}.`, { field: 'graph' });
}
