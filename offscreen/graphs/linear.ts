import { quantize4bit } from '../checkpoint/quantize.ts';
import type { Precision } from './graph.ts';
import type { GraphBuilder, Value } from './graph-builder.ts';
import { addQuantizedMatMul } from './quantized.ts';

/** A linear layer's weights as checkpoints store them: row-major [outputs, inputs]. */
export interface LinearWeights {
  readonly weight: Float32Array<ArrayBuffer>;
  readonly bias?: Float32Array<ArrayBuffer>;
  readonly outputs: number;
  readonly inputs: number;
}

/** Group sizes in order of preference: fewer scales first. */
const GROUP_SIZES = [128, 64, 32, 16];

/** `input` [..., inputs] through a linear layer -> [..., outputs], stored at `precision`. */
export function addLinear(
  graph: GraphBuilder,
  name: string,
  input: Value,
  layer: LinearWeights,
  precision: Precision,
): Value {
  const groupSize = GROUP_SIZES.find((size) => layer.inputs % size === 0);
  const product =
    precision === 'q4' && groupSize
      ? // Asymmetric has the lower perplexity of the two in the published baseline, for one more half byte a group.
        addQuantizedMatMul(
          graph,
          name,
          input,
          quantize4bit(layer.weight, layer.outputs, layer.inputs, { groupSize, symmetric: false }),
        )
      : graph.node('MatMul', name, [input, addTransposed(graph, `${name}.weight`, layer)]);
  if (!layer.bias) return product;
  return graph.node('Add', `${name}.biased`, [product, graph.weight(`${name}.bias`, layer.bias, [layer.outputs])]);
}

function addTransposed(graph: GraphBuilder, name: string, { weight, outputs, inputs }: LinearWeights): Value {
  const transposed = new Float32Array(weight.length);
  for (let row = 0; row < outputs; row += 1) {
    for (let column = 0; column < inputs; column += 1) {
      transposed[column * outputs + row] = weight[row * inputs + column] ?? 0;
    }
  }
  return graph.weight(name, transposed, [inputs, outputs]);
}

/** Layers that read the same input as one layer with all their outputs, one after the other. */
export function concatLinear(layers: readonly LinearWeights[]): LinearWeights {
  const outputs = layers.reduce((sum, layer) => sum + layer.outputs, 0);
  const biases = layers.map(({ bias }) => bias).filter((bias) => bias !== undefined);
  return {
    weight: concat(layers.map(({ weight }) => weight)),
    ...(biases.length > 0 && { bias: concat(biases) }),
    outputs,
    inputs: layers[0]?.inputs ?? 0,
  };
}

function concat(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
