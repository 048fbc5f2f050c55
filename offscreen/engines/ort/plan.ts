import type { Precision } from '../../../src/protocol/hardware-names.ts';
import type { ComponentGraph, ComponentName } from '../../families/family.ts';
import type { AdaptedLayers } from '../../graphs/build/adapted.ts';
import type { EmittedGraph } from '../../graphs/build/graph-builder.ts';
import { ELEMENT_SIZES } from '../../graphs/build/value.ts';
import { type DecoderShape, type Storage, storageOf } from '../../graphs/graph.ts';
import type { MemoryUse } from '../engine.ts';
import { precisionFor } from './precision.ts';
import { STREAM_SLOTS } from './streaming/layer-weights.ts';
import { type StreamLayout, streamLayout } from './streaming/layout.ts';
import { hasOwnDevice, type Tier, webnnDeviceOf } from './tiers.ts';

/** One component, and how its weights are stored. */
export interface PlannedComponent {
  readonly name: ComponentName;
  readonly precision: Precision;
  readonly storage: Storage;
  /** Names the storage where what was compiled is kept. */
  readonly label: string;
  readonly graph: ComponentGraph;
  /** The graph as it is kept on disk, which no adapter changes: the same weights. */
  readonly stored: EmittedGraph;
  /** Set where layers are read from disk for every token, but for so many that stay. */
  readonly streamed?: { readonly layout: StreamLayout; readonly keptLayers: number };
}

/** One way of loading components of a model, and what they take. */
export interface LoadPlan {
  readonly components: readonly PlannedComponent[];
  /** Sequences that are decoded at once; each has a cache for the whole context and for all of an encoder's states. */
  readonly maxSequences: number;
  readonly memory: MemoryUse;
}

/** What the runtime itself takes, on top of weights and caches, however small a model is. */
export const RUNTIME_BYTES = 160 * 2 ** 20;
/** Activations, staging and the logits of a prompt. */
const WORK_BYTES = 96 * 2 ** 20;

/** What a model takes before any component of it is loaded. */
export function emptyMemory(tier: Tier): MemoryUse {
  return { gpuBytes: hasOwnDevice(tier) ? WORK_BYTES : 0, cpuBytes: RUNTIME_BYTES };
}

/** Requests that a model without caches takes at once: while one computes, another is made ready. */
const GRAPH_SEQUENCES = 2;

interface Option {
  readonly endBits?: 4 | 8;
  readonly blockSize: 32 | 128;
  readonly maxSequences: number;
  readonly contextTokens?: number;
  readonly cacheBits?: 8;
}

/**
 * Ways to load a model, best first: what is given up is first the number of sequences, then length beyond what few ask for,
 * then exactness, where it is least missed first.
 */
const DECODER_OPTIONS: readonly Option[] = [
  { blockSize: 32, maxSequences: 4 },
  { blockSize: 32, maxSequences: 2 },
  { blockSize: 32, maxSequences: 1 },
  { blockSize: 32, maxSequences: 1, contextTokens: 8192 },
  { blockSize: 128, maxSequences: 1, contextTokens: 8192 },
  { blockSize: 128, maxSequences: 1, contextTokens: 8192, endBits: 8 },
  { blockSize: 128, maxSequences: 1, contextTokens: 4096, endBits: 8 },
  { blockSize: 128, maxSequences: 1, contextTokens: 4096, endBits: 8, cacheBits: 8 },
  { blockSize: 128, maxSequences: 1, contextTokens: 4096, endBits: 4, cacheBits: 8 },
  { blockSize: 128, maxSequences: 1, contextTokens: 2048, endBits: 4, cacheBits: 8 },
];

const GRAPH_OPTIONS: readonly Option[] = [
  { blockSize: 32, maxSequences: GRAPH_SEQUENCES },
  { blockSize: 128, maxSequences: GRAPH_SEQUENCES },
  { blockSize: 128, maxSequences: GRAPH_SEQUENCES, endBits: 8 },
  { blockSize: 128, maxSequences: GRAPH_SEQUENCES, endBits: 4 },
];

export interface PlanRequest {
  readonly tier: Tier;
  /** How weights are stored; chosen for each component if left out. */
  readonly precision: Precision | undefined;
  readonly wanted: readonly { readonly name: ComponentName; readonly emit: (storage: Storage) => ComponentGraph }[];
  /** What the model takes already. */
  readonly taken: MemoryUse;
  /** Linear layers that adapters change. */
  readonly adapted?: AdaptedLayers | undefined;
}

/** How a decoder is stored that is not in memory as a whole. */
const STREAMED_OPTION: Option = { blockSize: 128, maxSequences: 1, contextTokens: 4096, endBits: 8 };
/** Shares of the layers that stay in memory, the fastest way first. */
const KEPT_SHARES = [7 / 8, 3 / 4, 5 / 8, 1 / 2, 3 / 8, 1 / 4, 1 / 8, 0];

/** Ways to load components on a tier, best first, worked out one by one. Nothing is read but the table of parameters. */
export function* planComponents(request: PlanRequest): Generator<LoadPlan> {
  yield* planWhole(request);
  yield* planStreamed(request);
}

/** Ways in which everything is in memory. */
function* planWhole(request: PlanRequest): Generator<LoadPlan> {
  const { tier, wanted, taken } = request;
  const exact = wanted.map(({ emit }) => emit(storageOf('fp32')));
  const decodes = exact.some(({ shape }) => shape !== undefined);
  const seen = new Set<string>();
  for (const option of decodes ? DECODER_OPTIONS : GRAPH_OPTIONS) {
    if (option.cacheBits !== undefined && !hasOwnDevice(tier)) continue;
    const components = componentsWith(option, request, exact);
    const { maxSequences } = option;
    // Options that come to the same for this model are one.
    const label = `${maxSequences} ${components.map((component) => component.label).join(' ')}`;
    if (seen.has(label)) continue;
    seen.add(label);
    yield { components, maxSequences, memory: memoryOf(tier, taken, components, maxSequences) };
  }
}

/**
 * Ways in which layers of a decoder are read from disk for every token: slow, and better than nothing. WebNN has its weights inside
 * of its graphs and cannot.
 */
function* planStreamed(request: PlanRequest): Generator<LoadPlan> {
  const { tier, wanted, taken, adapted } = request;
  // The one layer that stands for all is not changed as each of them would be.
  if (webnnDeviceOf(tier) || adapted?.size) return;
  const exact = wanted.map(({ emit }) => emit(storageOf('fp32')));
  const option = hasOwnDevice(tier) ? { ...STREAMED_OPTION, cacheBits: 8 as const } : STREAMED_OPTION;
  const components = componentsWith(option, request, exact);
  const layouts = components.map(({ graph }) => streamLayout(graph));
  const layers = layouts.find((layout) => layout)?.layers.length ?? 0;
  const kept = new Set(KEPT_SHARES.map((share) => Math.floor(layers * share)));
  for (const keptLayers of kept) {
    // With a slot for each that is left, all would be in memory.
    if (layers - keptLayers <= STREAM_SLOTS) continue;
    const streamed = components.map((component, at): PlannedComponent => {
      const layout = layouts[at];
      return layout ? { ...component, streamed: { layout, keptLayers } } : component;
    });
    const { maxSequences } = option;
    yield { components: streamed, maxSequences, memory: memoryOf(tier, taken, streamed, maxSequences) };
  }
}

/** The components that are wanted, stored in one way; `exact` are their graphs with nothing packed. */
function componentsWith(
  option: Option,
  { tier, precision, wanted, adapted }: Omit<PlanRequest, 'taken'>,
  exact: readonly ComponentGraph[],
): PlannedComponent[] {
  return wanted.map(({ name, emit }, at) => {
    const whole = exact[at];
    const chosen = precision ?? precisionFor(tier, { floatBytes: weightBytes(whole), decodes: Boolean(whole?.shape) });
    const storage = storageFor(tier, chosen, option);
    const stored = emit(storage);
    const graph = adapted?.size ? emit({ ...storage, adapted }) : stored;
    return { name, precision: chosen, storage, graph, stored, label: labelOf(chosen, storage, graph.shape) };
  });
}

function storageFor(
  tier: Tier,
  precision: Precision,
  { contextTokens, cacheBits, blockSize, endBits }: Option,
): Storage {
  return {
    ...storageOf(precision, { blockSize, ...(endBits && { endBits }) }),
    ...(contextTokens !== undefined && { contextTokens }),
    ...(cacheBits !== undefined && { cacheBits }),
    ...(webnnDeviceOf(tier) && { standard: true }),
  };
}

function labelOf(
  precision: Precision,
  { linear, ends, cacheBits, standard }: Storage,
  shape: DecoderShape | undefined,
): string {
  const bits = (stored: Storage['linear']) => (stored === 'float' ? 'f' : `${stored.bits}x${stored.blockSize}`);
  const length = shape ? `-c${shape.contextTokens}${cacheBits ? `-k${cacheBits}` : ''}` : '';
  return `${precision}-${bits(linear)}-${bits(ends)}${length}${standard ? '-s' : ''}`;
}

function memoryOf(
  tier: Tier,
  taken: MemoryUse,
  components: readonly PlannedComponent[],
  maxSequences: number,
): MemoryUse {
  return components.map((component) => componentMemory(tier, component, maxSequences)).reduce(addMemory, taken);
}

/**
 * What a component takes: its weights, and for as many sequences caches, and keys and values of an encoder's states. WebNN has a
 * copy of the weights for each session, and caches are in ordinary memory.
 */
export function componentMemory(tier: Tier, component: PlannedComponent, sequences: number): MemoryUse {
  const { graph, storage, streamed } = component;
  const weights = streamed ? streamedBytes(tier, streamed) : weightBytes(graph);
  const caches = graph.shape ? sequences * sequenceBytes(storage, graph.shape) : 0;
  if (hasOwnDevice(tier)) return { gpuBytes: weights + caches, cpuBytes: 0 };
  const sessions = webnnDeviceOf(tier) ? sessionsKept(weights) : 1;
  return heldBy(tier, sessions * weights, caches);
}

/** Weights that are in memory at once; the processor's runtime has a copy of those that it computes with. */
function streamedBytes(tier: Tier, { layout, keptLayers }: NonNullable<PlannedComponent['streamed']>): number {
  const ends = layout.ends.reduce((sum, { bytes }) => sum + bytes, 0);
  const layer = layout.layers[0]?.bytes ?? 0;
  const resident = ends + (keptLayers + STREAM_SLOTS) * layer;
  return hasOwnDevice(tier) ? resident : resident + Math.max(ends, layer);
}

/** Weights where a tier has them, and what is in ordinary memory in any case. */
export const heldBy = (tier: Tier, weights: number, cpuBytes: number): MemoryUse =>
  webnnDeviceOf(tier) === 'gpu' ? { gpuBytes: weights, cpuBytes } : { gpuBytes: 0, cpuBytes: weights + cpuBytes };

/** Weights of which more than two sessions would take too much: one for prompts and one for tokens is the least. */
const LARGE_BYTES = 64 * 2 ** 20;

/** Sessions of fixed sizes that are kept of a component with so many bytes of weights. */
export const sessionsKept = (weights: number): number => (weights > LARGE_BYTES ? 2 : 4);

export const addMemory = (a: MemoryUse, b: MemoryUse): MemoryUse => ({
  gpuBytes: a.gpuBytes + b.gpuBytes,
  cpuBytes: a.cpuBytes + b.cpuBytes,
});

/** Bytes of all weights of a graph. */
export const weightBytes = (graph: Pick<EmittedGraph, 'parts'> | undefined): number =>
  (graph?.parts ?? []).reduce((sum, { bytes }) => sum + bytes, 0);

const sequenceBytes = (storage: Storage, shape: DecoderShape): number =>
  cacheBytes(storage, shape) + crossBytes(storage, shape);

/** Bytes of the keys and values of as many states of an encoder as one sequence can be about. */
export function crossBytes({ float }: Storage, { layers, keyValueHeads, encoder }: DecoderShape): number {
  if (!encoder) return 0;
  return 2 * layers * keyValueHeads * encoder.states * encoder.headSize * ELEMENT_SIZES[float];
}

/** Bytes of the keys and values of one sequence that fills the context. */
export function cacheBytes(storage: Storage, shape: DecoderShape): number {
  const { layers, keyValueHeads, contextTokens } = shape;
  return 2 * layers * keyValueHeads * contextTokens * cacheRowBytes(storage, shape);
}

/**
 * Bytes of one head's key or value: floats, or as the runtime packs them: a float32 scale and the levels, in whole words
 * (`kvCacheQuantizationBits` of the WebGPU provider).
 */
export function cacheRowBytes({ float, cacheBits }: Storage, { headSize }: DecoderShape): number {
  if (cacheBits) return 4 + Math.ceil((headSize * cacheBits) / 32) * 4;
  return headSize * ELEMENT_SIZES[float];
}
