import onnxProto, { type onnx as Onnx } from 'onnx-proto';

const { onnx } = onnxProto;
const { DataType, DataLocation } = onnx.TensorProto;
const { AttributeType } = onnx.AttributeProto;

/** A model as it is taken apart and put together here: its graph has all lists, and its weights in itself. */
export interface ExportedModel {
  readonly opsetImport: Onnx.IOperatorSetIdProto[];
  readonly inputs: Onnx.IValueInfoProto[];
  readonly outputs: Onnx.IValueInfoProto[];
  readonly nodes: Onnx.INodeProto[];
  readonly weights: Onnx.ITensorProto[];
}

export function encodeExport({ opsetImport, inputs, outputs, nodes, weights }: ExportedModel): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    producerName: 'test',
    opsetImport,
    graph: { name: 'main', input: inputs, output: outputs, node: nodes, initializer: weights },
  }).finish();
}

/** Exporters leave small constants in the graph: the runtime looks at them before it has other files. */
const SMALL_BYTES = 1024;

/** The same with its weights in another file. */
export function externalized(
  model: ExportedModel,
  location: string,
  smallBytes = SMALL_BYTES,
): { readonly model: Uint8Array; readonly data: Uint8Array } {
  const pieces: Uint8Array[] = [];
  let offset = 0;
  const weights = model.weights.map((weight) => {
    const { name, dims, dataType, rawData } = weight;
    if (!rawData || rawData.length < smallBytes) return weight;
    const entries = { location, offset: String(offset), length: String(rawData.length) };
    pieces.push(rawData);
    offset += rawData.length;
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
    return { name, dims, dataType, dataLocation: DataLocation.EXTERNAL, externalData } as Onnx.ITensorProto;
  });
  return { model: encodeExport({ ...model, weights }), data: new Uint8Array(Buffer.concat(pieces)) };
}

export type Shape = readonly (string | number)[];

export const value = (name: string, elemType: number, shape: Shape): Onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })) },
    },
  },
});

export const node = (opType: string, input: string[], output: string[], attribute: Onnx.IAttributeProto[] = []) => ({
  opType,
  name: `${opType} ${output[0]}`,
  input,
  output,
  attribute,
});

export const integer = (name: string, i: number): Onnx.IAttributeProto => ({ name, type: AttributeType.INT, i });

export const int64 = (name: string, dims: number[], ...values: number[]): Onnx.ITensorProto => ({
  name,
  dims,
  dataType: DataType.INT64,
  rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

const ELEMENTS = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  float64: DataType.DOUBLE,
  int8: DataType.INT8,
  uint8: DataType.UINT8,
  int16: DataType.INT16,
  uint16: DataType.UINT16,
  int32: DataType.INT32,
  uint32: DataType.UINT32,
  int64: DataType.INT64,
  uint64: DataType.UINT64,
  bool: DataType.BOOL,
} as const;

/** A graph that gives back what it is given, [rows, 2] of every element type. */
export function echoGraph(): Uint8Array {
  const types = Object.entries(ELEMENTS);
  return encodeExport({
    opsetImport: [{ domain: '', version: 17 }],
    inputs: types.map(([name, type]) => value(name, type, ['rows', 2])),
    outputs: types.map(([name, type]) => value(`${name} again`, type, ['rows', 2])),
    nodes: types.map(([name]) => node('Identity', [name], [`${name} again`])),
    weights: [],
  });
}

/** A graph [n] -> [n] of one operator over a weight, whatever that is called and wherever its values lie. */
export function sumGraph(location?: string, opType = 'Add'): Uint8Array {
  const plain = {
    opsetImport: [{ domain: '', version: 17 }],
    inputs: [value('x', DataType.FLOAT, [2])],
    outputs: [value('y', DataType.FLOAT, [2])],
    nodes: [node(opType, ['x', 'w'], ['y'])],
    weights: [
      {
        name: 'w',
        dims: [2],
        dataType: DataType.FLOAT,
        rawData: new Uint8Array(Float32Array.of(10, 20).buffer),
      } as Onnx.ITensorProto,
    ],
  };
  return location === undefined ? encodeExport(plain) : externalized(plain, location, 0).model;
}
