import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import type { PlannedWeight } from './recipe.ts';
import type { Attribute, Element, Value } from './value.ts';

const { onnx } = onnxProto;
const { DataType } = onnx.TensorProto;
const { AttributeType } = onnx.AttributeProto;

const IR_VERSION = 8;
const OPSET = 17;
const CONTRIB_DOMAIN = 'com.microsoft';

const ELEMENT_TYPES: Record<Element, Onnx.TensorProto.DataType> = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  int64: DataType.INT64,
  int32: DataType.INT32,
  uint8: DataType.UINT8,
  bool: DataType.BOOL,
};

/** `to` of ONNX's Cast for an element type. */
export const onnxType = (element: Element): number => ELEMENT_TYPES[element];

export interface NodePart {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Everything that makes a graph, as it is gathered. */
export interface GraphParts {
  readonly name: string;
  readonly inputs: Value[];
  readonly outputs: Value[];
  readonly nodes: NodePart[];
  readonly constants: { name: string; element: Element; dims: readonly number[]; data: Uint8Array }[];
  readonly external: (PlannedWeight & { readonly location: string })[];
}

/** A model in ONNX's protobuf format (https://github.com/onnx/onnx/blob/main/docs/IR.md), its weights in files beside it. */
export function encodeModel({
  name,
  inputs,
  outputs,
  nodes,
  constants,
  external,
}: GraphParts): Uint8Array<ArrayBuffer> {
  const initializer: Onnx.ITensorProto[] = [
    ...constants.map(({ name, element, dims, data }) => ({
      name,
      dims: [...dims],
      dataType: ELEMENT_TYPES[element],
      rawData: data,
    })),
    ...external.map(({ name, element, dims, location, offset, bytes }) => ({
      name,
      dims: [...dims],
      dataType: ELEMENT_TYPES[element],
      dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
      externalData: [
        { key: 'location', value: location },
        { key: 'offset', value: String(offset) },
        { key: 'length', value: String(bytes) },
      ],
    })),
  ];
  const model = onnx.ModelProto.encode({
    irVersion: IR_VERSION,
    producerName: 'webplat',
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: CONTRIB_DOMAIN, version: 1 },
    ],
    graph: {
      name,
      input: inputs.map(valueInfo),
      output: outputs.map(valueInfo),
      node: nodes.map(({ op, domain, name, inputs, outputs, attributes }) => ({
        domain,
        opType: op,
        name,
        input: [...inputs],
        output: [...outputs],
        attribute: Object.entries(attributes).map(makeAttribute),
      })),
      initializer,
    },
  }).finish();
  return Uint8Array.from(model);
}

function valueInfo({ name, element, dims }: Value): Onnx.IValueInfoProto {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[element], shape: { dim } } } };
}

function makeAttribute([name, value]: [string, Attribute]): Onnx.IAttributeProto {
  if ('int' in value) return { name, type: AttributeType.INT, i: value.int };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('ints' in value) return { name, type: AttributeType.INTS, ints: [...value.ints] };
  return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value.text) };
}
