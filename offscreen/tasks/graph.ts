import type { ElementType } from '../../src/protocol/element-bytes.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import type { Dimension } from '../graphs/build/value.ts';

/** What happens while a graph runs. */
export interface GraphEvents {
  readonly signal: AbortSignal;
  /** Time the device worked on this run, waiting for others excluded. */
  onCompute(computeMs: number): void;
}

/** An input of a graph: sizes, or names of those that are known only when it runs; no dimensions where nobody knows the rank. */
export interface GraphInput {
  readonly name: string;
  readonly element: ElementType;
  readonly dims: readonly Dimension[] | undefined;
}

/** A graph in memory, whatever runs it. Buffers of inputs may be detached; those of outputs belong to the caller. */
export interface Graph {
  readonly inputs: readonly GraphInput[];
  /** Compares what a site feeds with what the graph takes. @throws WebplatError `invalid-request` */
  check?(inputs: TensorMap): void;
  run(inputs: TensorMap, events: GraphEvents): Promise<TensorMap>;
}
