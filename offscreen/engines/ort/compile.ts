import { WebplatError } from '../../../src/protocol/errors.ts';
import type { ParamReader, ParamTable } from '../../checkpoint/checkpoint.ts';
import type { Converters } from '../../convert/converters.ts';
import { isGraphFile, type ModelFamily } from '../../families/family.ts';
import { type Artifact, type ArtifactStore, artifactKey, type WeightSource } from '../../store/artifacts.ts';
import type { ModelReader } from '../../store/model-reader.ts';
import type { ComponentProgress } from '../engine.ts';
import { RUNTIME_VERSION } from './compiled-key.ts';
import type { PlannedComponent } from './plan.ts';

export interface CompileEnvironment {
  readonly files: ModelReader;
  readonly table: ParamTable;
  readonly reader: ParamReader;
  readonly family: ModelFamily;
  /** Hash of the model's content. */
  readonly contentHash: string;
  readonly store: ArtifactStore;
  /** Makes weights in workers; here, if left out. */
  readonly converters: Converters | undefined;
  onProgress(progress: ComponentProgress): void;
}

/** Says which parameter lies in which file of weights, and is read before it was checked. */
const SHARD_INDEX = '.safetensors.index.json';

/** A component's graph and weights for the runtime: from the store, or made from the checkpoint and put there. */
export async function compileComponent(
  { files, table, reader, family, contentHash, store, converters, onProgress }: CompileEnvironment,
  { name: component, storage, label, graph, stored }: PlannedComponent,
  { signal, urgency }: { readonly signal: AbortSignal; readonly urgency: () => number },
): Promise<Artifact> {
  // Graphs that others made are what they are.
  if (isGraphFile(component)) throw new WebplatError('internal');
  const key = artifactKey({
    contentHash,
    graph: component,
    precision: label,
    family: family.modelTypes[0] ?? '',
    emitterVersion: family.emitterVersion,
    runtime: RUNTIME_VERSION,
  });
  const tell = (phase: ComponentProgress['phase'], doneBytes: number, totalBytes: number) =>
    onProgress({ component, phase, doneBytes, totalBytes });
  tell('read', 0, 1);
  /** What adapters change is written into the graph alone: weights on disk are the same for all. */
  const asPlanned = (artifact: Artifact): Artifact =>
    graph === stored ? artifact : { ...artifact, model: graph.model };
  const kept = await store.load(key);
  signal.throwIfAborted();
  if (kept) return asPlanned(kept);
  const sources = stored.parts.flatMap(({ steps }) => steps.flatMap(({ recipe }) => recipe.reads));
  const paths = [...new Set(sources.flatMap((param) => table.get(param)?.file ?? []))].sort();
  const madeOf = (await Promise.all(paths.map(files.identity))).join(' ');
  const elsewhere: Pick<WeightSource, 'makePart'> = converters
    ? {
        makePart: (part, options) =>
          converters.convert({ ...options, urgency, job: { component, storage, key, part: part.file, madeOf } }),
      }
    : {};
  const made = await store.make(
    key,
    stored,
    { reader, madeOf, ...elsewhere },
    {
      signal,
      onProgress: (done, total) => tell('quantize', done, total),
      async checked() {
        tell('verify', 0, 1);
        await files.checked([...paths, ...files.paths.filter((path) => path.endsWith(SHARD_INDEX))]);
      },
    },
  );
  return asPlanned(made);
}
