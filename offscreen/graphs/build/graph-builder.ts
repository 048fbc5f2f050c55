import { WebplatError } from '../../../src/protocol/errors.ts';
import type { ParamTable } from '../../checkpoint/checkpoint.ts';
import type { AdaptedLayers, AdaptedProduct } from './adapted.ts';
import { encodeModel, type GraphParts, type NodePart, onnxType } from './encode.ts';
import { bytesOf, copied, type ParamShape, type PlannedWeight, type Recipe } from './recipe.ts';
import { type Attribute, type Dimension, type Element, type Float, GraphError, type Value } from './value.ts';

/** A part of a graph's weights: one file, made by itself from the parameters that its recipes read. */
export interface WeightPart {
  readonly name: string;
  /** Name by which the graph refers to the file. */
  readonly file: string;
  readonly bytes: number;
  readonly steps: readonly { readonly recipe: Recipe; readonly weights: readonly PlannedWeight[] }[];
}

/** A graph, and what its weights are to be made of. Nothing was read for it but the table of parameters. */
export interface EmittedGraph {
  readonly model: Uint8Array<ArrayBuffer>;
  readonly parts: readonly WeightPart[];
  /** What requests give it; weights are none of them, even where they are fed. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** The most that a named dimension can be, where a table ends. */
  readonly most?: Readonly<Record<string, number>>;
  /** What adapters change; whoever runs the graph feeds it for each of them. */
  readonly adapted?: readonly AdaptedProduct[];
}

export interface NodeResult {
  readonly element: Element;
  readonly dims: readonly Dimension[];
  /** Name of the value; made up where it does not matter. */
  readonly name?: string;
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Empty for the standard operators. */
  readonly domain?: '' | 'com.microsoft';
}

/** Writes an ONNX graph, node by node in the order of computation. */
export interface GraphBuilder {
  /** What activations are computed in, and float weights are stored as. */
  readonly float: Float;
  /** Whether nodes are kept to what WebNN has operators for; see `Storage`. */
  readonly standard: boolean;
  /** Linear layers that are written so that adapters can change them. */
  readonly adapted: AdaptedLayers;
  /** Notes a product that adapters change. */
  noteAdapted(product: AdaptedProduct): void;
  /** An input of the graph's float type that no request gives; asked for again, the same one. */
  fed(name: string, dims: readonly Dimension[]): Value;
  /** An input; asked for again, the same one. */
  input(name: string, element: Element, dims: readonly Dimension[]): Value;
  /** Says that a named dimension is never more than `size`. */
  atMost(dimension: string, size: number): void;
  /** Makes `value` an output under this name. */
  output(value: Value, name: string): void;
  /** Adds an operator; answers one value for each of `results`; undefined ones are left out. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    results: readonly (NodeResult | undefined)[],
    options?: NodeOptions,
  ): readonly Value[];
  /** A small constant inside the graph, such as a shape or an index. */
  integers(values: readonly number[], dims?: readonly number[], element?: 'int64' | 'int32'): Value;
  /** A number of the graph's float type. */
  scalar(value: number): Value;
  /** Weights by a recipe, kept in the file of the current part. */
  weights(recipe: Recipe, names: readonly string[]): readonly Value[];
  /** A parameter of the checkpoint as it is, in the graph's float type. */
  param(name: string, dims: readonly number[]): Value;
  /** Checks that the checkpoint has a parameter of this shape. @throws WebplatError `model-corrupt` */
  require(name: string, dims: readonly number[]): ParamShape;
  /** Whether the checkpoint has a parameter of this name, whatever its shape. */
  has(name: string): boolean;
  /** Weights that `work` adds lie in a file of their own. Parts may be entered again. */
  part<T>(name: string, work: () => T): T;
  finish(): EmittedGraph;
}

export interface GraphOptions {
  readonly name: string;
  readonly params: ParamTable;
  readonly storage?: {
    readonly float: Float;
    readonly standard?: true | undefined;
    readonly adapted?: AdaptedLayers | undefined;
  };
  /** Weights are fed at every run, as inputs of their names, in place of being read when a session is opened. */
  readonly weightsAsInputs?: true;
}

/** Weights start on a boundary that suits any copy or mapping of them. */
const ALIGNMENT = 64;

export function createGraphBuilder(options: GraphOptions): GraphBuilder {
  const { name: graphName, params, storage, weightsAsInputs = false } = options;
  const { float = 'float32', standard = false, adapted = new Map() } = storage ?? {};
  const graph: GraphParts = { name: graphName, inputs: [], outputs: [], nodes: [], constants: [], external: [] };
  const parts = new Map<string, { bytes: number; steps: WeightPart['steps'][number][] }>();
  const known = new Map<string, Value>();
  const most: Record<string, number> = {};
  const fed: Value[] = [];
  const products = new Map<string, AdaptedProduct>();
  let part = 'weights';
  let made = 0;

  function claim(value: Value): Value {
    if (known.has(value.name)) throw new GraphError(`Two values are called ${value.name}.`);
    known.set(value.name, value);
    return value;
  }
  function newName(hint: string): string {
    made += 1;
    return `${hint}.${made}`;
  }

  function require(name: string, dims: readonly number[]): ParamShape {
    const info = params.get(name);
    const corrupt = (reason: string) => new WebplatError('model-corrupt', undefined, { reason });
    if (!info) throw corrupt(`Parameter ${name.slice(0, 128)} is missing.`);
    if (info.shape.length !== dims.length || info.shape.some((dim, at) => dim !== dims[at])) {
      throw corrupt(`Parameter ${name.slice(0, 128)} has shape [${info.shape.slice(0, 16)}], not [${dims}].`);
    }
    return { name, dims };
  }

  function weights(recipe: Recipe, names: readonly string[]): readonly Value[] {
    const file = parts.get(part) ?? { bytes: 0, steps: [] };
    parts.set(part, file);
    const planned = recipe.outputs.map(({ element, dims }, at): PlannedWeight => {
      const offset = Math.ceil(file.bytes / ALIGNMENT) * ALIGNMENT;
      const bytes = bytesOf({ element, dims });
      file.bytes = offset + bytes;
      return { name: names[at] ?? newName('weight'), element, dims, offset, bytes };
    });
    file.steps.push({ recipe, weights: planned });
    const location = fileOf(part);
    return planned.map((weight) => {
      const value = claim({ name: weight.name, element: weight.element, dims: weight.dims });
      if (weightsAsInputs) fed.push(value);
      else graph.external.push({ ...weight, location });
      return value;
    });
  }

  function constant(element: Element, dims: readonly number[], data: Uint8Array): Value {
    const value = claim({ name: newName('constant'), element, dims });
    graph.constants.push({ name: value.name, element, dims, data });
    return value;
  }

  const builder: GraphBuilder = {
    float,
    standard,
    adapted,
    noteAdapted(product) {
      products.set(product.name, product);
    },
    fed(name, dims) {
      const same = fed.find((input) => input.name === name);
      if (same) return same;
      const value = claim({ name, element: float, dims });
      fed.push(value);
      return value;
    },
    input(name, element, dims) {
      const same = graph.inputs.find((input) => input.name === name);
      if (same) return same;
      const value = claim({ name, element, dims });
      graph.inputs.push(value);
      return value;
    },
    atMost(dimension, size) {
      most[dimension] = size;
    },
    output(value, name) {
      if (value.name === name) {
        graph.outputs.push(value);
        return;
      }
      const given = claim({ ...value, name });
      graph.nodes.push({ op: 'Identity', domain: '', name, inputs: [value.name], outputs: [name], attributes: {} });
      graph.outputs.push(given);
    },
    node(op, inputs, results, { attributes = {}, domain = '' } = {}) {
      const name = newName(op);
      const values = results.map((result, at) => {
        if (!result) return undefined;
        const { element, dims } = result;
        return claim({ name: result.name ?? (at === 0 ? name : `${name}:${at}`), element, dims });
      });
      const part: NodePart = {
        op,
        domain,
        name,
        // Kernels count the operands that a node has: an empty name at the end is one more, and crashes those of the GPU.
        inputs: inputs.slice(0, inputs.findLastIndex((input) => input) + 1).map((input) => input?.name ?? ''),
        outputs: values.map((value) => value?.name ?? ''),
        attributes,
      };
      graph.nodes.push(part);
      return values.filter((value) => value !== undefined);
    },
    integers(values, dims = [values.length], element = 'int64') {
      const data = element === 'int64' ? BigInt64Array.from(values, BigInt) : Int32Array.from(values);
      return constant(element, dims, new Uint8Array(data.buffer));
    },
    scalar(value) {
      // Exact in both float types, or rounded once by the Cast that a half-precision graph puts after it.
      const wide = constant('float32', [], new Uint8Array(Float32Array.of(value).buffer));
      if (float === 'float32') return wide;
      const [narrow = wide] = builder.node('Cast', [wide], [{ element: float, dims: [] }], {
        attributes: { to: { int: onnxType(float) } },
      });
      return narrow;
    },
    weights,
    param(name, dims) {
      const [value] = weights(copied([require(name, dims)], dims, float), [name]);
      if (!value) throw new GraphError('A recipe without a weight.');
      return value;
    },
    require,
    has: (name) => params.get(name) !== undefined,
    part(name, work) {
      const before = part;
      part = name;
      try {
        return work();
      } finally {
        part = before;
      }
    },
    finish() {
      return {
        inputs: graph.inputs,
        outputs: graph.outputs,
        most,
        adapted: [...products.values()],
        model: encodeModel({ ...graph, inputs: [...graph.inputs, ...fed] }),
        parts: [...parts].map(([name, { bytes, steps }]) => ({ name, file: fileOf(name), bytes, steps })),
      };
    },
  };
  return builder;
}

/** File name of a part; parts are named by emitters, never by a checkpoint. */
const fileOf = (part: string): string => `${part}.bin`;
