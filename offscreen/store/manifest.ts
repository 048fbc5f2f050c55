import type { ModelCard } from '../../src/protocol/model.ts';

/** One file of a model as its source describes it. */
export interface ModelFile {
  /** Name inside the model, e.g. `model.safetensors`; never a path outside it. */
  readonly path: string;
  readonly bytes: number;
}

/** A model that could be loaded: what to show, which engine runs it, and the files it is made of. */
export interface ModelManifest {
  readonly card: ModelCard;
  readonly engine: 'ort' | 'echo';
  /** SHA-256 over what is known of the files' contents: two names with the same content share one resident copy. */
  readonly contentHash: string;
  readonly files: readonly ModelFile[];
  /** Set where it is an adapter of another model: what it has in common with that, files in `adapter/` left out. */
  readonly base?: { readonly contentHash: string };
}

/** How an engine's worker gets at a file. */
export type FileAccess =
  /** A file of the package: fetched as a whole and compared with its hash. */
  | { readonly kind: 'url'; readonly bytes: number; readonly url: string; readonly sha256: string }
  /** A file of the store, in chunks, some of which may still be on their way. */
  | { readonly kind: 'chunks'; readonly bytes: number; readonly id: string; readonly complete: boolean };

/** The files of one model while it is loaded. */
export interface ModelFiles {
  /** Starts bringing the file where it is not there. @throws WebplatError `model-corrupt` where the model has no such file. */
  open(path: string): Promise<FileAccess>;
  /** Settles when a chunk of an opened file is on disk; it is brought before others. */
  chunk(path: string, index: number): Promise<void>;
  /** Settles when these files were compared with what their source says of them. */
  checked(paths: readonly string[]): Promise<void>;
}

/** A place that models come from. `resolve` answers undefined for a name it does not serve. */
export interface ModelSource {
  /** Models that are there without fetching anything. */
  list(): Promise<readonly ModelManifest[]>;
  /** @throws WebplatError when a source cannot be asked, or the settings do not allow it. */
  resolve(name: string, signal?: AbortSignal): Promise<ModelManifest | undefined>;
  /** @param signal ends the bringing of files, unless others wait for the same ones. */
  open(manifest: ModelManifest, signal: AbortSignal, onBytes: (present: number, total: number) => void): ModelFiles;
}
