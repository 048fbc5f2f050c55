import { quantizeRows, zeroStride } from '../../checkpoint/quantize.ts';
import { adapted } from './adapted.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { add, dimOf, matMul, single } from './ops.ts';
import { eachPiece, encodeFloats, matrixOf, type ParamShape, type Recipe, transposed } from './recipe.ts';
import { type Float, GraphError, type Value } from './value.ts';

/** How the matrix of a linear layer is stored: as the graph's floats, or in so many bits a weight. */
export type LinearStorage =
  | 'float'
  | { readonly bits: 4 | 8 /** Columns of a block in the graph; see `quantizeRows`. */; readonly blockSize: number };

/** Linear layers whose outputs are put one after the other: weights `NAME.weight` [outputs, inputs], `NAME.bias`. */
export interface LinearLayers {
  readonly inputs: number;
  readonly layers: readonly { readonly name: string; readonly outputs: number }[];
  readonly bias: boolean;
}

/** Group sizes in order of preference: fewer scales first. */
const GROUP_SIZES = [128, 64, 32, 16];

/** `input` [..., inputs] through linear layers -> [..., outputs of all]. */
export function linear(g: GraphBuilder, input: Value, shape: LinearLayers, storage: LinearStorage): Value {
  const params = shape.layers.map(({ name, outputs }) => g.require(`${name}.weight`, [outputs, shape.inputs]));
  const name = shape.layers.map((layer) => layer.name).join('+');
  const product = productOf(g, name, input, params, storage);
  return adapted(g, input, shape.bias ? add(g, product, linearBias(g, shape)) : product, shape);
}

/** The biases of linear layers, one after the other. */
export function linearBias(g: GraphBuilder, { layers }: LinearLayers): Value {
  const biases = layers.map(({ name, outputs }) => g.require(`${name}.bias`, [outputs]));
  return joined(g, `${layers.map(({ name }) => name).join('+')}.bias`, biases);
}

function joined(g: GraphBuilder, name: string, params: readonly ParamShape[]): Value {
  const length = params.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
  const [value] = g.weights(
    {
      outputs: [{ element: g.float, dims: [length] }],
      reads: params.map((param) => param.name),
      async write(reader, put) {
        let start = 0;
        for (const { name, dims } of params) {
          const bytes = encodeFloats(await reader.rows(name, 0, dims[0] ?? 0), g.float);
          put(0, start, bytes);
          start += bytes.byteLength;
        }
      },
    },
    [name],
  );
  if (!value) throw new GraphError('A recipe without a weight.');
  return value;
}

/** `input` [..., columns] times the transpose of parameters [rows, columns], one above the other -> [..., all rows]. */
export function productOf(
  g: GraphBuilder,
  name: string,
  input: Value,
  params: readonly ParamShape[],
  storage: LinearStorage,
): Value {
  const columns = matrixOf(params[0] ?? { name, dims: [] }).columns;
  const groupSize = GROUP_SIZES.find((size) => columns % size === 0);
  if (storage === 'float' || groupSize === undefined) {
    const [matrix] = g.weights(transposed(params, g.float), [`${name}.weight`]);
    if (!matrix) throw new GraphError('A recipe without a weight.');
    return matMul(g, input, matrix);
  }
  return quantizedProduct(g, name, input, params, {
    bits: storage.bits,
    groupSize,
    blockSize: Math.min(storage.blockSize, groupSize),
  });
}

interface Quantization {
  readonly bits: 4 | 8;
  readonly groupSize: number;
  readonly blockSize: number;
}

function quantizedProduct(
  g: GraphBuilder,
  name: string,
  input: Value,
  params: readonly ParamShape[],
  { bits, groupSize, blockSize }: Quantization,
): Value {
  const columns = matrixOf(params[0] ?? { name, dims: [] }).columns;
  const rows = params.reduce((sum, param) => sum + matrixOf(param).rows, 0);
  const weights = g.weights(quantized(params, g.float, { bits, groupSize, blockSize }), [
    `${name}.packed`,
    `${name}.scales`,
    `${name}.zeros`,
  ]);
  const attributes = { K: { int: columns }, N: { int: rows }, bits: { int: bits }, block_size: { int: blockSize } };
  if (typeof dimOf(input, -1) === 'number' && dimOf(input, -1) !== columns)
    throw new GraphError(`${name} takes ${columns} inputs.`);
  const result = { element: input.element, dims: [...input.dims.slice(0, -1), rows] };
  return single(g, 'MatMulNBits', [input, ...weights], result, { attributes, domain: 'com.microsoft' });
}

/**
 * Matrices one above the other, quantized with a zero point for each group: asymmetric has the lower perplexity of the two
 * in the published baseline, for one more half byte a group. Outputs: packed levels, scales, zero points.
 */
export function quantized(
  params: readonly ParamShape[],
  float: Float,
  { bits, groupSize, blockSize }: Quantization,
): Recipe {
  const columns = matrixOf(params[0] ?? { name: '', dims: [] }).columns;
  const rows = params.reduce((sum, param) => sum + matrixOf(param).rows, 0);
  const blocks = columns / blockSize;
  const stride = zeroStride(blocks, bits);
  return {
    outputs: [
      { element: 'uint8', dims: [rows, blocks, (blockSize * bits) / 8] },
      { element: float, dims: [rows * blocks] },
      { element: 'uint8', dims: [rows * stride] },
    ],
    reads: params.map(({ name }) => name),
    async write(reader, put) {
      let start = 0;
      for (const param of params) {
        const from = start;
        await eachPiece(reader, param, (values, row) => {
          const made = quantizeRows(values, columns, { bits, groupSize, blockSize, symmetric: false });
          const first = from + row;
          const scales = encodeFloats(made.scales, float);
          put(0, (first * columns * bits) / 8, made.packed);
          put(1, (first * blocks * scales.byteLength) / made.scales.length, scales);
          if (made.zeroPoints) put(2, first * stride, made.zeroPoints);
        });
        start += matrixOf(param).rows;
      }
    },
  };
}
