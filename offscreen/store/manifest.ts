import type { ModelCard } from '../../src/protocol/model.ts';

/** One file of a model as its source describes it. */
export interface ModelFile {
  /** Name inside the model, e.g. `model.safetensors`; never a path outside it. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex SHA-256 of the content. */
  readonly sha256: string;
  /** Where the bytes come from; same origin as the host for packaged models. */
  readonly url: string;
}

/** A model that could be loaded: what to show, which engine runs it, and the files it is made of. */
export interface ModelManifest {
  readonly card: ModelCard;
  readonly engine: 'ort' | 'echo';
  /** SHA-256 over the sorted (path, sha256) pairs: two names with the same content share one resident copy. */
  readonly contentHash: string;
  readonly files: readonly ModelFile[];
}

/** A place that models come from. `resolve` answers undefined for a name it does not serve. */
export interface ModelSource {
  list(): Promise<readonly ModelManifest[]>;
  resolve(name: string): Promise<ModelManifest | undefined>;
}
