import type { TensorMap } from '../../src/protocol/tensor.ts';
import type { Graph, GraphEvents } from './graph.ts';

/** The runs of one task, which count as one piece of work. */
export interface Runs {
  /** Runs a graph once and answers its float32 outputs by name. */
  run(graph: Graph, inputs: TensorMap): Promise<Outputs>;
  /** To be called with the time of a run that is not made here. */
  spent(computeMs: number): void;
  /** For work that reports its own total: adds it to what was spent before. */
  continued(): (computeMs: number) => void;
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
export function createRuns({ signal, onCompute }: GraphEvents): Runs {
  let before = 0;
  return {
    async run(graph, inputs) {
      signal.throwIfAborted();
      let own = 0;
      const outputs = await graph.run(inputs, {
        signal,
        onCompute(computeMs) {
          own = computeMs;
          onCompute(before + own);
        },
      });
      before += own;
      signal.throwIfAborted();
      return outputsOf(outputs);
    },
    continued() {
      let own = 0;
      return (computeMs) => {
        before += computeMs - own;
        own = computeMs;
        onCompute(before);
      };
    },
    spent(computeMs) {
      before += computeMs;
      onCompute(before);
    },
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
