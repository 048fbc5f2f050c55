import type { TensorMap } from '../../src/protocol/tensor.ts';
import { sumCompute } from './encode-decode.ts';
import type { Graph, GraphEvents } from './graph.ts';

/** The runs of one task, which count as one piece of work. */
export interface Runs {
  /** Runs a graph once and answers its float32 outputs by name. */
  run(graph: Graph, inputs: TensorMap): Promise<Outputs>;
  /** To be called with the time of a run that is not made here. */
  spent(computeMs: number): void;
  /** Events for work that is not made here and reports its own total. */
  part(): GraphEvents;
}

/** What a graph gave, by name. */
export interface Outputs {
  /** @throws TypeError where the graph has no such output */
  get(name: string): FloatOutput;
  /** The first of `names` that the graph gives. */
  first(...names: readonly string[]): FloatOutput | undefined;
}

/** Row-major. */
export interface FloatOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** Adds up what runs take and reports the sum, as events want it. */
export function createRuns(events: GraphEvents): Runs {
  const sum = sumCompute(events);
  return {
    async run(graph, inputs) {
      events.signal.throwIfAborted();
      const outputs = await graph.run(inputs, sum.part());
      events.signal.throwIfAborted();
      return outputsOf(outputs);
    },
    part: sum.part,
    spent: sum.add,
  };
}

function outputsOf(tensors: TensorMap): Outputs {
  const find = (name: string): FloatOutput | undefined => {
    const tensor = tensors[name];
    return tensor?.dtype === 'float32' ? { dims: tensor.dims, data: new Float32Array(tensor.data) } : undefined;
  };
  return {
    get(name) {
      const found = find(name);
      if (!found) throw new TypeError(`The graph gives no ${name}.`);
      return found;
    },
    first: (...names) => names.map(find).find((output) => output !== undefined),
  };
}
