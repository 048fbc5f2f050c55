import type { EmittedGraph } from '../../graphs/build/graph-builder.ts';
import { type DecoderGraph, type DecoderShape, type Precision, type Storage, storageOf } from '../../graphs/graph.ts';
import type { MemoryUse } from '../engine.ts';
import type { Tier } from './tiers.ts';

/** One way of loading a decoder, and what it takes. */
export interface Candidate {
  readonly storage: Storage;
  /** Names the storage where what was compiled is kept. */
  readonly label: string;
  readonly graph: DecoderGraph;
  /** Sequences that are decoded at once; each has a cache for the whole context. */
  readonly maxSequences: number;
  readonly memory: MemoryUse;
}

/** What the runtime itself takes, on top of weights and caches, however small a model is. */
export const RUNTIME_BYTES = 160 * 2 ** 20;
/** Activations, staging and the logits of a prompt. */
const WORK_BYTES = 96 * 2 ** 20;

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
const OPTIONS: readonly Option[] = [
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

export interface PlanRequest {
  readonly tier: Tier;
  readonly precision: Precision;
  readonly emit: (storage: Storage) => DecoderGraph;
}

/** Ways to load a decoder on a tier, best first, worked out one by one. Nothing is read but the table of parameters. */
export function* planDecoder({ tier, precision, emit }: PlanRequest): Generator<Candidate> {
  const seen = new Set<string>();
  for (const { maxSequences, contextTokens, cacheBits, ...rest } of OPTIONS) {
    if (cacheBits !== undefined && tier === 'wasm') continue;
    const storage: Storage = {
      ...storageOf(precision, rest),
      ...(contextTokens !== undefined && { contextTokens }),
      ...(cacheBits !== undefined && { cacheBits }),
    };
    const graph = emit(storage);
    const label = labelOf(precision, storage, graph.shape);
    // Options that come to the same for this model are one.
    if (seen.has(`${label} ${maxSequences}`)) continue;
    seen.add(`${label} ${maxSequences}`);
    yield { storage, label, graph, maxSequences, memory: memoryOf(tier, storage, graph, maxSequences) };
  }
}

function labelOf(precision: Precision, { linear, ends, cacheBits }: Storage, { contextTokens }: DecoderShape): string {
  const bits = (stored: Storage['linear']) => (stored === 'float' ? 'f' : `${stored.bits}x${stored.blockSize}`);
  return `${precision}-${bits(linear)}-${bits(ends)}-c${contextTokens}${cacheBits ? `-k${cacheBits}` : ''}`;
}

function memoryOf(tier: Tier, storage: Storage, graph: DecoderGraph, maxSequences: number): MemoryUse {
  const weights = weightBytes(graph);
  const caches = maxSequences * cacheBytes(storage, graph.shape);
  if (tier === 'wasm') return { gpuBytes: 0, cpuBytes: weights + caches + RUNTIME_BYTES };
  return { gpuBytes: weights + caches + WORK_BYTES, cpuBytes: RUNTIME_BYTES };
}

const weightBytes = ({ parts }: EmittedGraph): number => parts.reduce((sum, { bytes }) => sum + bytes, 0);

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
  return headSize * (float === 'float16' ? 2 : 4);
}
