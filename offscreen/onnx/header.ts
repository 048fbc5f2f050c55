import * as v from 'valibot';
import type { ElementType } from '../../src/protocol/element-bytes.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { TensorName } from '../../src/protocol/tensor.ts';
import { corrupt, unsupported } from '../graphs/config-fields.ts';
import { type Field, fieldsOf, ProtobufError } from './protobuf.ts';

/** An input or output of a graph as its file declares it. */
export interface Declared {
  readonly name: string;
  readonly element: ElementType;
  /** Sizes, or names of those that are known only when the graph runs; undefined where the file does not say the rank. */
  readonly dims: readonly (number | string)[] | undefined;
}

/** What an ONNX file says of itself, its weights aside. */
export interface OnnxHeader {
  /** What has to be fed: inputs that have a weight as their default are not among them. */
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
  /** Files that hold weights, as the file names them: not to be trusted. */
  readonly external: readonly string[];
}

/** `TensorProto.DataType` of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, those that pages can hold. */
const ELEMENTS: Readonly<Record<number, ElementType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
};

/** Numbers of the fields of onnx.proto that are read. */
const MODEL = { irVersion: 1, graph: 7, functions: 25 };
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 };
const NODE = { attribute: 5 };
const FUNCTION = { node: 7 };
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 };
const SPARSE = { values: 1, indices: 2 };
const TENSOR = { name: 8, external: 13, location: 14 };
const ENTRY = { key: 1, value: 2 };
const VALUE = { name: 1, type: 2 };
const TYPE = { tensor: 1 };
const TENSOR_TYPE = { element: 1, shape: 2 };
const SHAPE = { dim: 1 };
const DIM = { value: 1, param: 2 };

/** `TensorProto.DataLocation.EXTERNAL` */
const EXTERNAL = 1;
/** Graphs within nodes of graphs: exporters nest two or three. */
const MOST_DEPTH = 16;
const MOST_NAME_BYTES = 1024;
/** Names that objects have of themselves, which tensors by name therefore cannot have. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

const NOT_ONNX = 'The file is no ONNX model, or is cut short.';

/**
 * Reads what an ONNX file declares, and walks all of it: a file that is cut short is found out here, not in the runtime.
 *
 * @throws WebplatError `model-corrupt` for what is no ONNX file, `model-unsupported` for inputs and outputs that pages cannot hold
 */
export function readOnnxHeader(bytes: Uint8Array): OnnxHeader {
  try {
    return createReader(bytes).read();
  } catch (error) {
    throw error instanceof ProtobufError ? corrupt(NOT_ONNX) : error;
  }
}

function createReader(bytes: Uint8Array) {
  const external = new Set<string>();

  const children = ({ begin, end, isBytes }: Field): Iterable<Field> => {
    if (!isBytes) throw new ProtobufError('A message is expected.');
    return fieldsOf(bytes, begin, end);
  };

  function text({ begin, end, isBytes }: Field): string {
    if (!isBytes || end - begin > MOST_NAME_BYTES) throw new ProtobufError('A name is expected.');
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(begin, end));
    } catch {
      throw new ProtobufError('A name is no text.');
    }
  }

  /** Notes where a tensor's values lie; answers its name. */
  function tensor(from: Field): string {
    let name = '';
    let isExternal = false;
    let location: string | undefined;
    for (const part of children(from)) {
      if (part.field === TENSOR.name) name = text(part);
      else if (part.field === TENSOR.location) isExternal = part.value === EXTERNAL;
      else if (part.field === TENSOR.external) location = locationIn(part) ?? location;
    }
    if (!isExternal) return name;
    if (location === undefined) throw corrupt('A weight lies in another file, and the file does not say which.');
    external.add(location);
    if (external.size > LIMITS.modelFiles) throw unsupported('The weights lie in too many files.');
    return name;
  }

  function locationIn(entry: Field): string | undefined {
    let key = '';
    let value: Field | undefined;
    for (const part of children(entry)) {
      if (part.field === ENTRY.key) key = text(part);
      else if (part.field === ENTRY.value) value = part;
    }
    return key === 'location' && value ? text(value) : undefined;
  }

  function sparse(from: Field): void {
    for (const part of children(from)) {
      if (part.field === SPARSE.values || part.field === SPARSE.indices) tensor(part);
    }
  }

  function node(from: Field, depth: number): void {
    for (const part of children(from)) {
      if (part.field !== NODE.attribute) continue;
      for (const value of children(part)) {
        if (value.field === ATTRIBUTE.tensor || value.field === ATTRIBUTE.tensors) tensor(value);
        else if (value.field === ATTRIBUTE.graph || value.field === ATTRIBUTE.graphs) graph(value, depth + 1);
        else if (value.field === ATTRIBUTE.sparse || value.field === ATTRIBUTE.sparses) sparse(value);
      }
    }
  }

  function graph(from: Field, depth: number): Omit<OnnxHeader, 'external'> {
    if (depth > MOST_DEPTH) throw unsupported('Graphs are nested too deeply.');
    const [inputs, outputs]: [Field[], Field[]] = [[], []];
    const weights = new Set<string>();
    for (const part of children(from)) {
      if (part.field === GRAPH.node) node(part, depth);
      else if (part.field === GRAPH.initializer) weights.add(tensor(part));
      else if (part.field === GRAPH.sparseInitializer) sparse(part);
      else if (part.field === GRAPH.input) inputs.push(part);
      else if (part.field === GRAPH.output) outputs.push(part);
    }
    // Inner graphs take values of any kind from the graph around them.
    if (depth > 0) return { inputs: [], outputs: [] };
    const fed = inputs.filter((input) => !weights.has(nameOf(input)));
    if (outputs.length === 0) throw corrupt(NOT_ONNX);
    if (fed.length > LIMITS.tensors || outputs.length > LIMITS.tensors) {
      throw unsupported(`More than ${LIMITS.tensors} inputs or outputs.`);
    }
    return { inputs: fed.map(declared), outputs: outputs.map(declared) };
  }

  function nameOf(value: Field): string {
    for (const part of children(value)) if (part.field === VALUE.name) return text(part);
    throw new ProtobufError('A value has no name.');
  }

  function declared(value: Field): Declared {
    const name = nameOf(value);
    if (!v.is(TensorName, name) || RESERVED.has(name)) throw unsupported('The name of an input or output.');
    for (const part of children(value)) {
      if (part.field !== VALUE.type) continue;
      for (const type of children(part)) if (type.field === TYPE.tensor) return { name, ...tensorType(type, name) };
    }
    throw unsupported(`${name} is no tensor.`);
  }

  function tensorType(type: Field, name: string): Omit<Declared, 'name'> {
    let element: ElementType | undefined;
    let dims: (number | string)[] | undefined;
    for (const part of children(type)) {
      if (part.field === TENSOR_TYPE.element) element = ELEMENTS[part.value];
      else if (part.field === TENSOR_TYPE.shape) dims = shape(part);
    }
    if (!element) throw unsupported(`The element type of ${name}.`);
    return { element, dims };
  }

  function shape(from: Field): (number | string)[] {
    const dims: (number | string)[] = [];
    for (const part of children(from)) {
      if (part.field !== SHAPE.dim) continue;
      let dim: number | string = '?';
      for (const size of children(part)) {
        // Exporters write 0 or -1, which is a number beyond what is safe, for sizes that they do not know.
        if (size.field === DIM.value && Number.isSafeInteger(size.value)) dim = size.value || '?';
        else if (size.field === DIM.param) dim = text(size).slice(0, 64) || '?';
      }
      dims.push(dim);
      if (dims.length > LIMITS.tensorRank) throw unsupported(`Tensors of more than ${LIMITS.tensorRank} dimensions.`);
    }
    return dims;
  }

  return {
    read(): OnnxHeader {
      let main: Omit<OnnxHeader, 'external'> | undefined;
      let version = 0;
      for (const part of fieldsOf(bytes)) {
        if (part.field === MODEL.irVersion) version = part.value;
        else if (part.field === MODEL.graph) main = graph(part, 0);
        else if (part.field === MODEL.functions) {
          for (const inner of children(part)) if (inner.field === FUNCTION.node) node(inner, 0);
        }
      }
      if (!main || version === 0) throw corrupt(NOT_ONNX);
      return { ...main, external: [...external] };
    },
  };
}
