import type { ParamTable } from '../checkpoint/checkpoint.ts';
import type { DecoderGraph, Storage } from '../graphs/graph.ts';

/** A family of models: how its checkpoints become a graph. Everything else follows from its files. */
export interface ModelFamily {
  /** Values of `model_type` in config.json. */
  readonly modelTypes: readonly string[];
  /** Changes whenever `emit` writes something else for the same checkpoint: compiled copies are made anew. */
  readonly emitterVersion: number;
  readonly emit: (config: unknown, params: ParamTable, storage: Storage) => DecoderGraph;
}
