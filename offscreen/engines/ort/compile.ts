import { WebplatError } from '../../../src/protocol/errors.ts';
import type { LoadProgress } from '../../../src/protocol/generation.ts';
import type { ModelBytes } from '../../checkpoint/model-bytes.ts';
import { openParams } from '../../checkpoint/params.ts';
import { familyOf } from '../../families/registry.ts';
import type { Precision, Storage } from '../../graphs/graph.ts';
import { type Artifact, type ArtifactStore, artifactKey } from '../../store/artifacts.ts';
import type { ModelReader } from '../../store/model-reader.ts';
import type { MemoryUse } from '../engine.ts';
import { type Candidate, planDecoder } from './plan.ts';
import type { Tier } from './tiers.ts';

export interface CompileOptions {
  /** Hash of the model's content. */
  readonly contentHash: string;
  readonly tier: Tier;
  readonly precision: Precision;
  /** Version of the runtime that will run the result. */
  readonly runtime: string;
  readonly store: ArtifactStore;
  readonly signal: AbortSignal;
  onProgress(progress: LoadProgress): void;
  /** Asks for memory; answers the budget that stands in the way, or undefined when it is granted. */
  admit(need: MemoryUse): Promise<number | undefined>;
}

/** A decoder's graph and weights, and the way it is loaded. */
export interface CompiledDecoder {
  readonly artifact: Artifact;
  readonly candidate: Candidate;
}

/** A model's graph and weights for the runtime: from the store, or made from its checkpoint and put there. */
export async function compileModel(
  files: ModelReader,
  config: unknown,
  options: CompileOptions,
): Promise<CompiledDecoder> {
  const { contentHash, tier, precision, runtime, store, signal, onProgress } = options;
  const family = familyOf(config);
  onProgress({ phase: 'read', fraction: 0 });
  const { table, reader } = await openParams(await openCheckpoint(files));
  const emit = (storage: Storage) => family.emit(config, table, storage);
  const candidate = await chooseCandidate(planDecoder({ tier, precision, emit }), options);
  signal.throwIfAborted();
  const key = artifactKey({
    contentHash,
    graph: 'decoder',
    precision: candidate.label,
    family: family.modelTypes[0] ?? '',
    emitterVersion: family.emitterVersion,
    runtime,
  });
  const kept = await store.load(key);
  if (kept) return { artifact: kept, candidate };
  onProgress({ phase: 'quantize', fraction: 0 });
  const artifact = await store.make(key, candidate.graph, {}, reader, {
    signal,
    onProgress: (done, total) => onProgress({ phase: 'quantize', fraction: done / total }),
    checked: files.checked,
  });
  return { artifact, candidate };
}

/** The best way that memory is granted for. @throws WebplatError `out-of-memory` when there is none. */
async function chooseCandidate(candidates: Iterable<Candidate>, { admit }: CompileOptions): Promise<Candidate> {
  let leastBytes = Number.POSITIVE_INFINITY;
  let quota = 0;
  for (const candidate of candidates) {
    const quotaBytes = await admit(candidate.memory);
    if (quotaBytes === undefined) return candidate;
    quota = quotaBytes;
    leastBytes = Math.min(leastBytes, candidate.memory.gpuBytes || candidate.memory.cpuBytes);
  }
  throw new WebplatError('out-of-memory', 'The model does not fit, however it is stored.', {
    requested: leastBytes,
    quota,
  });
}

/** The files of a model's checkpoint. */
async function openCheckpoint(files: ModelReader): Promise<ReadonlyMap<string, ModelBytes>> {
  const paths = files.paths.filter((path) => /\.safetensors(\.index\.json)?$/.test(path));
  if (paths.length === 0) {
    throw new WebplatError('model-corrupt', undefined, { reason: 'The model has no weights.' });
  }
  return new Map(await Promise.all(paths.map(async (path) => [path, await files.open(path)] as const)));
}

/** The files that tell how a model is asked and read, parsed. */
export async function readTextFiles(files: ModelReader) {
  const [config, generationConfig, tokenizer, tokenizerConfig] = await Promise.all(
    ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'].map(files.json),
  );
  return { config, generationConfig, tokenizer, tokenizerConfig };
}
