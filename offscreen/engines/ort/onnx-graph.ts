import type { InferenceSession } from 'onnxruntime-common';
import type { TensorMap, WireTensor } from '../../../src/protocol/tensor.ts';
import { float16ToNumber, numberToFloat16 } from '../../checkpoint/float16.ts';
import { unsupported } from '../../graphs/config-fields.ts';
import { assertDeclared } from '../../onnx/assert-declared.ts';
import type { Declared, OnnxHeader } from '../../onnx/header.ts';
import { normalize } from '../../processing/results/embeddings.ts';
import type { Graph } from '../../tasks/graph.ts';
import { createGraphRunner, type RunSetting } from './graph-runner.ts';
import { refusedInputs } from './onnx-file.ts';

/** A graph that others made, which takes what it declares and gives all of its outputs. */
export function createOnnxGraph(setting: RunSetting, session: InferenceSession, { inputs }: OnnxHeader): Graph {
  return {
    ...createGraphRunner({ ...setting, session, inputs, explain: refusedInputs }),
    check: (given) => assertDeclared(inputs, given),
  };
}

/** What some exporters call the outputs that tasks ask for. */
const OTHER_NAMES: Readonly<Record<string, string>> = { token_embeddings: 'last_hidden_state' };
/** Vectors that are compared, which our own graphs give of length 1. */
const COMPARED: ReadonlySet<string> = new Set(['text_embeds', 'image_embeds']);

/**
 * The same for tasks, which know names and meaning of inputs and outputs but not how an exporter stores them: halves and short
 * integers are converted on the way in, halves on the way out.
 */
export function createOnnxTaskGraph(graph: Graph, { inputs }: OnnxHeader): Graph {
  return {
    inputs: graph.inputs,
    async run(given, events) {
      const fed = Object.fromEntries(inputs.map((input) => [input.name, inputFor(input, given)]));
      return Object.fromEntries(
        Object.entries(await graph.run(fed, events)).map(([name, tensor]) => {
          const output = widened(tensor);
          return [OTHER_NAMES[name] ?? name, COMPARED.has(name) ? withUnitRows(output) : output];
        }),
      );
    },
  };
}

function inputFor({ name, element }: Declared, given: TensorMap): WireTensor {
  const tensor = given[name] ?? (name === 'position_ids' ? positionsFor(given.input_ids) : undefined);
  if (!tensor) throw unsupported(`The graph wants ${name}.`);
  if (tensor.dtype === element) return tensor;
  const { dims, data } = tensor;
  if (tensor.dtype === 'float32' && element === 'float16') {
    return { dtype: element, dims, data: Uint16Array.from(new Float32Array(data), numberToFloat16).buffer };
  }
  if (tensor.dtype === 'int64' && element === 'int32') {
    return { dtype: element, dims, data: Int32Array.from(new BigInt64Array(data), Number).buffer };
  }
  if (tensor.dtype === 'int64' && element === 'bool') {
    return { dtype: element, dims, data: Uint8Array.from(new BigInt64Array(data), (value) => (value ? 1 : 0)).buffer };
  }
  throw unsupported(`The graph wants ${name} as ${element}.`);
}

/** Places of the tokens [texts, tokens], each text from 0 on. */
function positionsFor(ids: WireTensor | undefined): WireTensor | undefined {
  if (!ids) return undefined;
  const [, tokens = 1] = ids.dims;
  const count = ids.data.byteLength / BigInt64Array.BYTES_PER_ELEMENT;
  return {
    dtype: 'int64',
    dims: ids.dims,
    data: BigInt64Array.from({ length: count }, (_, at) => BigInt(at % tokens)).buffer,
  };
}

function widened(tensor: WireTensor): WireTensor {
  if (tensor.dtype !== 'float16') return tensor;
  return { ...tensor, dtype: 'float32', data: Float32Array.from(new Uint16Array(tensor.data), float16ToNumber).buffer };
}

function withUnitRows(tensor: WireTensor): WireTensor {
  if (tensor.dtype !== 'float32') return tensor;
  const values = new Float32Array(tensor.data);
  const width = tensor.dims.at(-1) ?? 1;
  const scaled = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += width) scaled.set(normalize(values.subarray(at, at + width)), at);
  return { ...tensor, data: scaled.buffer };
}
