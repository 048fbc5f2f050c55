import type { LoadProgress } from '../../../src/protocol/generation.ts';
import { openSafetensors } from '../../checkpoint/safetensors.ts';
import { familyOf } from '../../families/registry.ts';
import type { Precision } from '../../graphs/graph.ts';
import { type Artifact, type ArtifactCache, artifactKey } from '../../store/artifact-cache.ts';
import type { ModelManifest } from '../../store/manifest.ts';
import { readModelFile, readModelJson } from '../../store/read-file.ts';

export interface CompileOptions {
  readonly precision: Precision;
  /** Version of the runtime that will run the result. */
  readonly runtime: string;
  readonly cache: ArtifactCache;
  readonly signal: AbortSignal;
  onProgress(progress: LoadProgress): void;
}

/** A model's graph and weights for the runtime: from the cache, or made from its checkpoint and put there. */
export async function compileModel(
  manifest: ModelManifest,
  config: unknown,
  options: CompileOptions,
): Promise<Artifact> {
  const { precision, runtime, cache, signal, onProgress } = options;
  const family = familyOf(config);
  const key = artifactKey({
    contentHash: manifest.contentHash,
    precision,
    family: family.modelTypes[0] ?? '',
    emitterVersion: family.emitterVersion,
    runtime,
  });
  onProgress({ phase: 'read', fraction: 0 });
  const cached = await cache.load(key);
  if (cached) return cached;
  const checkpoint = openSafetensors(await readModelFile(manifest, 'model.safetensors', signal));
  onProgress({ phase: 'quantize', fraction: 0 });
  const graph = family.emit(config, checkpoint, precision);
  signal.throwIfAborted();
  return cache.save(key, graph);
}

/** The files that tell how a model is asked and read, parsed. */
export async function readTextFiles(manifest: ModelManifest, signal: AbortSignal) {
  const [config, generationConfig, tokenizer, tokenizerConfig] = await Promise.all(
    ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'].map((path) =>
      readModelJson(manifest, path, signal),
    ),
  );
  return { config, generationConfig, tokenizer, tokenizerConfig };
}
