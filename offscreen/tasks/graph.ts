import type { TensorMap } from '../../src/protocol/tensor.ts';
import type { Value } from '../graphs/build/value.ts';

/** What happens while a graph runs. */
export interface GraphEvents {
  readonly signal: AbortSignal;
  /** Time the device worked on this run, waiting for others excluded. */
  onCompute(computeMs: number): void;
}

/** A graph in memory, whatever runs it. Buffers of inputs may be detached; those of outputs belong to the caller. */
export interface Graph {
  readonly inputs: readonly Value[];
  run(inputs: TensorMap, events: GraphEvents): Promise<TensorMap>;
}
