import type { InferenceSession } from 'onnxruntime-common';
import { WebplatError } from '../../../src/protocol/errors.ts';
import type { Placement } from '../../../src/protocol/model.ts';
import { abortable } from '../../../src/shared/abort.ts';
import { createMutex } from '../../../src/shared/mutex.ts';
import { type ComponentGraph, type ComponentName, type GraphFileName, isGraphFile } from '../../families/family.ts';
import { unsupported } from '../../graphs/config-fields.ts';
import type { DecoderShape, Storage } from '../../graphs/graph.ts';
import { cachesOf, exportedShape } from '../../onnx/decoder-io.ts';
import { exportedTasks, stemsOf } from '../../onnx/exported.ts';
import { chooseFile, graphBytes, graphFiles, isLarge, recommendedDtype } from '../../onnx/layout.ts';
import type { ModelReader } from '../../store/model-reader.ts';
import type { TaskModel } from '../../tasks/task-model.ts';
import type { ModelUse } from '../engine.ts';
import { createComponents } from './components.ts';
import type { ModelTexts } from './model-texts.ts';
import { createOnnxDecoder } from './onnx-decoder.ts';
import { assertSame, type OnnxFile, openOnnxFile, refusedGraph } from './onnx-file.ts';
import { createOnnxGraph, createOnnxTaskGraph } from './onnx-graph.ts';
import type { OpenModel, OpenRequest } from './open-model.ts';
import { addMemory, emptyMemory } from './plan.ts';
import { memoryOf, openRealm, type Realm } from './realm.ts';
import { createSession } from './runtime.ts';
import { refuseOnError, type StartedComponent, TierRefused } from './start-component.ts';
import type { Tier } from './tiers.ts';
import { tryDecoder } from './trial.ts';
import { runningAs } from './used-model.ts';

/** A component whose graphs others made: brought and read, and not yet given to the runtime. */
interface BroughtComponent {
  readonly files: readonly OnnxFile[];
  readonly bytes: number;
}

/** Opens a model that is made of graphs that others made: see {@link OpenModel}. */
export async function openExportedModel(
  request: OpenRequest,
  source: ModelReader,
  texts: ModelTexts,
): Promise<OpenModel> {
  const { tier, assetBase, precision } = request;
  const { config } = texts;
  const { paths } = source;
  const tasks = exportedTasks(config, paths);
  const realm = await openRealm(tier, assetBase);
  const brought = new Map<ComponentName, BroughtComponent>();
  const bringing = createMutex();
  const taken = emptyMemory(tier);
  const isGpu = realm.owned !== undefined;

  /** The file of a graph that is best here. */
  function fileOf(stem: string): string {
    const files = graphFiles(paths).filter((file) => file.stem === stem);
    const chosen = chooseFile(files, {
      device: isGpu ? 'webgpu' : 'wasm',
      half: realm.owned?.device.features.has('shader-f16') ?? false,
      precision,
      recommended: recommendedDtype(config, stem),
      large: isLarge(request.files, files),
    });
    if (!chosen) throw new TierRefused(`No file of ${stem} runs on this device.`);
    return chosen.path;
  }

  function filesOf(name: ComponentName): readonly string[] {
    if (isGraphFile(name)) return [name.slice('onnx:'.length)];
    const stems = stemsOf(paths, name) ?? [];
    return stems.map((stem) => fileOf(stem));
  }

  /** Brings a component's files and reads what they declare; that takes room before anybody knows how much they need. */
  async function bringFiles(name: ComponentName): Promise<void> {
    if (brought.has(name)) return;
    const wanted = filesOf(name);
    const own = wanted.reduce((sum, path) => sum + graphBytes(request.files, path), 0);
    const held = [...brought.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const memory = isGpu ? { gpuBytes: held + own, cpuBytes: own } : { gpuBytes: 0, cpuBytes: held + own };
    const quota = await request.admit(addMemory(taken, memory));
    if (quota !== undefined) throw new WebplatError('out-of-memory', undefined, { requested: own, quota });
    const files = await Promise.all(wanted.map((path) => openOnnxFile(source, path)));
    brought.set(name, { files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) });
  }

  /** For the plan, the component is its bytes; a decoder also takes room for each sequence. */
  function emit(name: ComponentName, { contextTokens }: Storage): ComponentGraph {
    const { files, bytes } = brought.get(name) ?? left();
    const [first, next = first] = files;
    const parts = [{ name, file: name, bytes, steps: [] }];
    const graph = { model: new Uint8Array(0), parts, inputs: [], outputs: [] };
    if (name !== 'decoder' || !first || !next) return graph;
    return { ...graph, shape: exportedShape({ first: first.header, next: next.header }, config, contextTokens) };
  }

  const components = createComponents<StartedComponent>({
    emitterOf: (name) => (storage) => emit(name, storage),
    tier,
    precision,
    taken,
    admit: request.admit,
    onDropped(name) {
      brought.delete(name);
      if (!isGraphFile(name)) request.onDropped(name);
    },
    close: (started) => started.close(),
    onProgress: ({ component, ...progress }) =>
      request.onProgress({ ...(component && !isGraphFile(component) && { component }), ...progress }),
    async bring({ name, graph: { shape } }, { maxSequences }) {
      const { files, bytes } = needed(brought.get(name));
      request.onProgress({ phase: 'compile', doneBytes: 0, totalBytes: 1 });
      const started = await start(realm, tier, { name, files, shape, maxSequences }).catch((error) => {
        brought.delete(name);
        throw error;
      });
      // The runtime has copies of its own now.
      brought.set(name, { files: [], bytes });
      return started;
    },
  });

  // A language model with another one's tokenizer is found out now, not at the first request.
  if (texts.file('tokenizer.json') !== undefined && tasks['text-generation']) texts.tokenizer();
  const running = (name: ComponentName) => components.get(name).session.running;
  const model: TaskModel = {
    ...texts,
    component: (graph) => running(fileNameOf(graph)),
    has: (name) => stemsOf(paths, name) !== undefined && Object.values(tasks).some((names) => names?.includes(name)),
    ...runningAs(running),
  };
  return {
    ...(realm.owned && { adapter: realm.owned.adapterName }),
    broken: realm.owned?.broken ?? new Promise<never>(() => {}),
    get contextTokens() {
      return components.decoder?.contextTokens;
    },
    get maxSequences() {
      return components.maxSequences;
    },
    // How files of a graph are stored is their author's choice.
    precision: undefined,
    async use({ adapter, ...use }, signal) {
      if (adapter !== undefined) throw unsupported('Graphs that others exported take no adapters.');
      return { model, release: await bringAndUse(componentsFor(use), signal) };
    },
    texts: async () => texts,
    // The memory of WebAssembly modules never shrinks: there, leaving would only cost the time of coming back.
    dropIdle: async () => (isGpu ? components.dropIdle() : undefined),
    memory: () => memoryOf(realm, { components }),
    streaming: () => undefined,
    placements: () => (realm.webnn ? [ON_PROCESSOR] : []),
  };

  async function bringAndUse(names: readonly ComponentName[], signal: AbortSignal): Promise<() => void> {
    const all = bringing.run(async () => {
      for (const name of names) await bringFiles(name);
    });
    await abortable(all, signal);
    return components.use(names, signal).catch((error) => {
      // One of them left for something else before it was in use.
      if (error instanceof ComponentLeft) return bringAndUse(names, signal);
      throw error;
    });
  }

  function componentsFor({ task, graph }: ModelUse): readonly ComponentName[] {
    if (task === 'tensors') return [fileNameOf(graph)];
    const names = tasks[task];
    if (names) return names;
    throw unsupported(`The model does not do ${task}.`);
  }

  /** The file that tensors are run on: by its path, or by the graph's name, or the only graph. */
  function fileNameOf(graph: string | undefined): GraphFileName {
    const files = graphFiles(paths);
    const exact = files.find(({ path }) => [path, path.slice(0, -5), nameIn(path)].includes(graph ?? ''));
    const stems = new Set(files.map(({ stem }) => stem));
    const [only] = stems.size === 1 ? stems : [];
    const stem = graph === undefined ? only : files.find((file) => file.stem === graph)?.stem;
    if (exact) return `onnx:${exact.path}`;
    if (stem !== undefined) return `onnx:${fileOf(stem)}`;
    const known = files.map(({ path }) => nameIn(path)).join(', ');
    throw new WebplatError('invalid-request', `graph must be one of ${known.slice(0, 512)}.`, { field: 'graph' });
  }
}

/** Sizes of such graphs are not known beforehand as those of our own are. */
const ON_PROCESSOR: Placement = {
  component: 'model',
  nodes: 0,
  webnnNodes: 0,
  reason: 'Graphs that others exported run on the processor.',
};

/** A file's name without its folder and ending. */
const nameIn = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.onnx$/, '');

/** A component left memory after its files were brought, and before anybody used it. */
class ComponentLeft extends Error {}

function left(): never {
  throw new ComponentLeft();
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new WebplatError('internal');
  return value;
}

interface Starting {
  readonly name: ComponentName;
  readonly files: readonly OnnxFile[];
  readonly shape: DecoderShape | undefined;
  readonly maxSequences: number;
}

/** Gives a component's graphs to the runtime. */
async function start(
  realm: Realm,
  tier: Tier,
  { name, files, shape, maxSequences }: Starting,
): Promise<StartedComponent> {
  const { setting } = realm;
  const [first, next = first] = await Promise.all(
    files.map(async (file) => ({
      header: file.header,
      session: await openSession(realm, tier, file, shape !== undefined),
    })),
  );
  if (!first || !next) throw new WebplatError('internal');
  if (shape) {
    const decoder = createOnnxDecoder({ ...setting, shape, maxSequences, first, next });
    await watched(realm, tryDecoder(decoder));
    const close = () =>
      setting.mutex.run(async () => {
        decoder.dispose();
        for (const { session } of new Set([first, next])) await session.release();
      });
    return { running: { decoder }, session: next.session, close };
  }
  const graph = createOnnxGraph(setting, first.session, first.header);
  return {
    running: { graph: isGraphFile(name) ? graph : createOnnxTaskGraph(graph, first.header) },
    session: first.session,
    close: () => setting.mutex.run(() => first.session.release()),
  };
}

/**
 * @throws WebplatError `model-unsupported` where the processor's runtime, which has every operator, refuses the graph
 * @throws {@link TierRefused} where another tier may take it
 */
async function openSession(
  { runtime, owned, setting }: Realm,
  tier: Tier,
  { header, artifact }: OnnxFile,
  decodes: boolean,
): Promise<InferenceSession> {
  const onDevice = decodes && owned ? cachesOf(header).map(({ present }) => present) : [];
  const made = setting.mutex.run(() => createSession(runtime, tier, artifact, { ...(owned && { owned, onDevice }) }));
  const session = owned
    ? await watched({ owned }, made)
    : await made.catch((error) => {
        throw refusedGraph(error);
      });
  assertSame(session, header);
  return session;
}

/** The runtime waits for ever for a device that broke while weights were written to it. */
const watched = <T>({ owned }: Pick<Realm, 'owned'>, work: Promise<T>): Promise<T> =>
  refuseOnError(owned ? Promise.race([work, owned.broken.then((error) => Promise.reject(error))]) : work);
