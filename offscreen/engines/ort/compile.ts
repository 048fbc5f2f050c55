import * as v from 'valibot';
import { WebplatError } from '../../../src/protocol/errors.ts';
import type { LoadProgress } from '../../../src/protocol/generation.ts';
import type { ModelBytes } from '../../checkpoint/model-bytes.ts';
import { openParams } from '../../checkpoint/params.ts';
import { familyOf } from '../../families/registry.ts';
import { type DecoderShape, type Precision, storageOf } from '../../graphs/graph.ts';
import { type Artifact, type ArtifactStore, artifactKey } from '../../store/artifacts.ts';
import type { ModelReader } from '../../store/model-reader.ts';

export interface CompileOptions {
  /** Hash of the model's content. */
  readonly contentHash: string;
  readonly precision: Precision;
  /** Version of the runtime that will run the result. */
  readonly runtime: string;
  readonly store: ArtifactStore;
  readonly signal: AbortSignal;
  onProgress(progress: LoadProgress): void;
}

/** A decoder's graph and weights, and what is needed to run them. */
export interface CompiledDecoder {
  readonly artifact: Artifact;
  readonly shape: DecoderShape;
}

const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Meta = v.strictObject({
  shape: v.strictObject({
    layers: Size,
    keyValueHeads: Size,
    headSize: Size,
    vocabularySize: Size,
    contextTokens: Size,
  }),
});

/** A model's graph and weights for the runtime: from the store, or made from its checkpoint and put there. */
export async function compileModel(
  files: ModelReader,
  config: unknown,
  options: CompileOptions,
): Promise<CompiledDecoder> {
  const { contentHash, precision, runtime, store, signal, onProgress } = options;
  const family = familyOf(config);
  const key = artifactKey({
    contentHash,
    graph: 'decoder',
    precision,
    family: family.modelTypes[0] ?? '',
    emitterVersion: family.emitterVersion,
    runtime,
  });
  onProgress({ phase: 'read', fraction: 0 });
  const kept = await store.load(key);
  const meta = kept && v.safeParse(Meta, kept.meta);
  if (kept && meta?.success) return { artifact: kept, shape: meta.output.shape };
  const { table, reader } = await openParams(await openCheckpoint(files));
  onProgress({ phase: 'quantize', fraction: 0 });
  const { shape, ...graph } = family.emit(config, table, storageOf(precision));
  signal.throwIfAborted();
  const artifact = await store.make(key, graph, { shape }, reader, {
    signal,
    onProgress: (done, total) => onProgress({ phase: 'quantize', fraction: done / total }),
    checked: files.checked,
  });
  return { artifact, shape };
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
