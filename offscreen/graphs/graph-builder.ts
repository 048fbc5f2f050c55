import onnxProto, { type onnx as Onnx } from 'onnx-proto';

const { onnx } = onnxProto;
const { DataType } = onnx.TensorProto;
const { AttributeType } = onnx.AttributeProto;

/** Name under which the model refers to its weights file. */
export const WEIGHTS_FILE = 'weights.bin';

const IR_VERSION = 8;
const OPSET = 17;
const CONTRIB_DOMAIN = 'com.microsoft';
/** Weights start on a boundary that suits any copy or mapping of them. */
const ALIGNMENT = 64;

/** A model as the runtime takes it: the graph, and its weights as parts of one file. */
export interface EmittedGraph {
  readonly model: Uint8Array<ArrayBuffer>;
  readonly weights: readonly Uint8Array<ArrayBuffer>[];
}

type Element = 'float32' | 'int32' | 'int64';
const ELEMENT_TYPES: Record<Element, Onnx.TensorProto.DataType> = {
  float32: DataType.FLOAT,
  int32: DataType.INT32,
  int64: DataType.INT64,
};

/** A dimension: a size, or the name of one that is known only when the graph runs. */
export type Dimension = number | string;
export type Attribute = { readonly int: number } | { readonly float: number };

/** Name of a value in the graph; the empty name leaves an optional operand out. */
export type Value = string;

/** Writes an ONNX graph, node by node in the order of computation. */
export interface GraphBuilder {
  input(name: string, element: Element, dims: readonly Dimension[]): Value;
  output(value: Value, element: Element, dims: readonly Dimension[]): void;
  /** Constant float32 or packed uint8 data, kept in the weights file. */
  weight(name: string, data: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>, dims: readonly number[]): Value;
  /** A small int64 constant inside the graph, such as a shape. */
  integers(name: string, values: readonly number[]): Value;
  /** Adds a standard operator; answers its first output, named after the node. */
  node(op: string, name: string, inputs: readonly Value[], attributes?: Record<string, Attribute>): Value;
  /** Adds an operator of onnxruntime's own domain with as many outputs as names are given. */
  contrib(
    op: string,
    name: string,
    inputs: readonly Value[],
    outputs: readonly Value[],
    attributes?: Record<string, Attribute>,
  ): void;
  finish(): EmittedGraph;
}

export function createGraphBuilder(graphName: string): GraphBuilder {
  const graph: Required<Pick<Onnx.IGraphProto, 'node' | 'initializer' | 'input' | 'output'>> & { name: string } = {
    name: graphName,
    node: [],
    initializer: [],
    input: [],
    output: [],
  };
  const weights: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;

  function append(bytes: Uint8Array<ArrayBuffer>): number {
    const padding = (ALIGNMENT - (offset % ALIGNMENT)) % ALIGNMENT;
    if (padding > 0) weights.push(new Uint8Array(padding));
    weights.push(bytes);
    const start = offset + padding;
    offset = start + bytes.byteLength;
    return start;
  }

  const addNode = (
    domain: string,
    opType: string,
    name: string,
    input: Value[],
    output: Value[],
    attributes: Record<string, Attribute> = {},
  ) =>
    graph.node?.push({ domain, opType, name, input, output, attribute: Object.entries(attributes).map(makeAttribute) });

  return {
    input(name, element, dims) {
      graph.input?.push(makeValueInfo(name, element, dims));
      return name;
    },
    output(value, element, dims) {
      graph.output?.push(makeValueInfo(value, element, dims));
    },
    weight(name, data, dims) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      graph.initializer?.push({
        name,
        dims: [...dims],
        dataType: data instanceof Float32Array ? DataType.FLOAT : DataType.UINT8,
        dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
        externalData: [
          { key: 'location', value: WEIGHTS_FILE },
          { key: 'offset', value: String(append(bytes)) },
          { key: 'length', value: String(bytes.byteLength) },
        ],
      });
      return name;
    },
    integers(name, values) {
      const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
      graph.initializer?.push({ name, dims: [values.length], dataType: DataType.INT64, rawData });
      return name;
    },
    node(op, name, inputs, attributes) {
      addNode('', op, name, [...inputs], [name], attributes);
      return name;
    },
    contrib(op, name, inputs, outputs, attributes) {
      addNode(CONTRIB_DOMAIN, op, name, [...inputs], [...outputs], attributes);
    },
    finish() {
      const model = onnx.ModelProto.encode({
        irVersion: IR_VERSION,
        producerName: 'webplat',
        opsetImport: [
          { domain: '', version: OPSET },
          { domain: CONTRIB_DOMAIN, version: 1 },
        ],
        graph,
      }).finish();
      return { model: Uint8Array.from(model), weights };
    },
  };
}

function makeValueInfo(name: string, element: Element, dims: readonly Dimension[]): Onnx.IValueInfoProto {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[element], shape: { dim } } } };
}

function makeAttribute([name, value]: [string, Attribute]): Onnx.IAttributeProto {
  return 'int' in value
    ? { name, type: AttributeType.INT, i: value.int }
    : { name, type: AttributeType.FLOAT, f: value.float };
}
