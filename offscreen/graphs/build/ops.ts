import { onnxType } from './encode.ts';
import type { GraphBuilder, NodeOptions, NodeResult } from './graph-builder.ts';
import { axisOf, broadcast, matrixProduct, reshaped, unknownDimension, windowed } from './shapes.ts';
import { type Dimension, type Element, GraphError, type Value } from './value.ts';

/** The standard operators that emitters use (https://onnx.ai/onnx/operators, version 17), with the shapes they give. */

/** The one result of a node that has one. */
export function single(
  g: GraphBuilder,
  op: string,
  inputs: readonly (Value | undefined)[],
  result: NodeResult,
  options?: NodeOptions,
): Value {
  const [value] = g.node(op, inputs, [result], options);
  if (!value) throw new GraphError(`${op} gave nothing.`);
  return value;
}

type Binary = 'Add' | 'Sub' | 'Mul' | 'Div' | 'Pow';

function binary(g: GraphBuilder, op: Binary, a: Value, b: Value): Value {
  if (a.element !== b.element) throw new GraphError(`${op} of ${a.element} and ${b.element}.`);
  return single(g, op, [a, b], { element: a.element, dims: broadcast(a.dims, b.dims) });
}

export const add = (g: GraphBuilder, a: Value, b: Value): Value => binary(g, 'Add', a, b);
export const sub = (g: GraphBuilder, a: Value, b: Value): Value => binary(g, 'Sub', a, b);
export const mul = (g: GraphBuilder, a: Value, b: Value): Value => binary(g, 'Mul', a, b);
export const div = (g: GraphBuilder, a: Value, b: Value): Value => binary(g, 'Div', a, b);

/** Whole numbers from 0 to 2^24 by another, rounded down. */
export function quotient(g: GraphBuilder, a: Value, divisor: number): Value {
  if (!g.standard) return div(g, a, g.integers([divisor]));
  // WebNN divides floats alone, whose quotients of such numbers lie on the right side of every whole one.
  const exact = div(g, cast(g, a, 'float32'), cast(g, g.integers([divisor]), 'float32'));
  return cast(g, single(g, 'Floor', [exact], a2(exact)), a.element);
}

/** No less than `low` and no more than `high`, which broadcast to `a`. */
export function clip(g: GraphBuilder, a: Value, low: Value, high: Value): Value {
  if (!g.standard) return single(g, 'Clip', [a, low, high], a2(a));
  // WebNN clamps floats alone, between constants.
  return single(g, 'Min', [single(g, 'Max', [a, low], a2(a)), high], a2(a));
}

/** `a` times a number. */
export const scale = (g: GraphBuilder, a: Value, factor: number): Value => mul(g, a, g.scalar(factor));

type Unary = 'Sigmoid' | 'Tanh' | 'Relu' | 'Erf' | 'Sqrt' | 'Exp' | 'Neg' | 'Reciprocal' | 'Log';

/** An element-wise function. */
export const unary = (g: GraphBuilder, op: Unary, a: Value): Value => single(g, op, [a], a2(a));

const a2 = ({ element, dims }: Value): NodeResult => ({ element, dims });

export function matMul(g: GraphBuilder, a: Value, b: Value): Value {
  return single(g, 'MatMul', [a, b], { element: a.element, dims: matrixProduct(a.dims, b.dims) });
}

export function cast(g: GraphBuilder, a: Value, element: Element): Value {
  if (a.element === element) return a;
  return single(g, 'Cast', [a], { element, dims: a.dims }, { attributes: { to: { int: onnxType(element) } } });
}

/** 0 keeps the dimension at its place, one -1 takes what is left. */
export function reshape(g: GraphBuilder, a: Value, to: readonly number[]): Value {
  return single(g, 'Reshape', [a, g.integers(to)], { element: a.element, dims: reshaped(a.dims, to) });
}

export function transpose(g: GraphBuilder, a: Value, perm: readonly number[]): Value {
  const dims = perm.map((axis) => dimOf(a, axis));
  return single(g, 'Transpose', [a], { element: a.element, dims }, { attributes: { perm: { ints: perm } } });
}

export function dimOf({ dims }: Value, axis: number): Dimension {
  return dims[axisOf(axis, dims.length)] ?? 1;
}

/** Rows of `table` along `axis` by number: the axis is replaced by the dimensions of `indices`. */
export function gather(g: GraphBuilder, table: Value, indices: Value, axis = 0): Value {
  const at = axisOf(axis, table.dims.length);
  const dims = [...table.dims.slice(0, at), ...indices.dims, ...table.dims.slice(at + 1)];
  return single(g, 'Gather', [table, indices], { element: table.element, dims }, { attributes: { axis: { int: at } } });
}

export function softmax(g: GraphBuilder, a: Value, axis = -1): Value {
  return single(g, 'Softmax', [a], a2(a), { attributes: { axis: { int: axis } } });
}

export function concat(g: GraphBuilder, values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (!first) throw new GraphError('Nothing to put together.');
  const at = axisOf(axis, first.dims.length);
  const sizes = values.map((value) => dimOf(value, at));
  const length = sizes.every((size) => typeof size === 'number')
    ? sizes.reduce((sum, size) => sum + size, 0)
    : unknownDimension();
  const dims = first.dims.map((dim, i) => (i === at ? length : dim));
  return single(g, 'Concat', values, { element: first.element, dims }, { attributes: { axis: { int: at } } });
}

/** Elements `start` to `end` (exclusive; negative counts from the end) along one axis. */
export function slice(g: GraphBuilder, a: Value, axis: number, start: number, end: number): Value {
  const at = axisOf(axis, a.dims.length);
  const size = dimOf(a, at);
  const place = (index: number, length: number) => Math.min(length, Math.max(0, index < 0 ? index + length : index));
  const length =
    typeof size === 'number'
      ? place(end, size) - place(start, size)
      : end > start && start >= 0
        ? end - start
        : unknownDimension();
  const dims = a.dims.map((dim, i) => (i === at ? length : dim));
  const inputs = [a, g.integers([start]), g.integers([end]), g.integers([at])];
  return single(g, 'Slice', inputs, { element: a.element, dims });
}

/** Stretches of these lengths along one axis, in order. */
export function split(g: GraphBuilder, a: Value, axis: number, lengths: readonly number[]): readonly Value[] {
  const at = axisOf(axis, a.dims.length);
  const results = lengths.map((length) => ({
    element: a.element,
    dims: a.dims.map((dim, i) => (i === at ? length : dim)),
  }));
  return g.node('Split', [a, g.integers(lengths)], results, { attributes: { axis: { int: at } } });
}

export function unsqueeze(g: GraphBuilder, a: Value, axes: readonly number[]): Value {
  const dims: Dimension[] = [...a.dims];
  for (const axis of axes) dims.splice(axis, 0, 1);
  return single(g, 'Unsqueeze', [a, g.integers(axes)], { element: a.element, dims });
}

export function squeeze(g: GraphBuilder, a: Value, axes: readonly number[]): Value {
  const gone = new Set(axes.map((axis) => axisOf(axis, a.dims.length)));
  const dims = a.dims.filter((_, at) => !gone.has(at));
  return single(g, 'Squeeze', [a, g.integers([...gone])], { element: a.element, dims });
}

/** Length of one axis while the graph runs: int64 [1]. */
export function sizeOf(g: GraphBuilder, a: Value, axis: number): Value {
  const at = axisOf(axis, a.dims.length);
  const attributes = { start: { int: at }, end: { int: at + 1 } };
  return single(g, 'Shape', [a], { element: 'int64', dims: [1] }, { attributes });
}

/** `a` repeated along axes of size 1 to `shape`, int64 [rank], whose dimensions are `dims`. */
export function expand(g: GraphBuilder, a: Value, shape: Value, dims: readonly Dimension[]): Value {
  return single(g, 'Expand', [a, shape], { element: a.element, dims: broadcast(a.dims, dims) });
}

/** Mean or sum over axes. */
export function reduce(
  g: GraphBuilder,
  op: 'ReduceMean' | 'ReduceSum' | 'ReduceMax' | 'ReduceL2',
  a: Value,
  axis: number,
  keep = true,
): Value {
  const at = axisOf(axis, a.dims.length);
  const dims = keep ? a.dims.map((dim, i) => (i === at ? 1 : dim)) : a.dims.filter((_, i) => i !== at);
  const result = { element: a.element, dims };
  // Version 17 takes the axes of a sum as an operand and all others as an attribute.
  if (op === 'ReduceSum') {
    return single(g, op, [a, g.integers([at])], result, { attributes: { keepdims: { int: keep ? 1 : 0 } } });
  }
  return single(g, op, [a], result, { attributes: { axes: { ints: [at] }, keepdims: { int: keep ? 1 : 0 } } });
}

/** Normalization over the last axis with a learned gain and shift (Ba et al. 2016, arXiv:1607.06450). */
export function layerNorm(g: GraphBuilder, a: Value, name: string, epsilon: number): Value {
  const size = dimOf(a, -1);
  if (typeof size === 'string') throw new GraphError(`${name} normalizes an axis of unknown length.`);
  const inputs = [a, g.param(`${name}.weight`, [size]), g.param(`${name}.bias`, [size])];
  return single(g, 'LayerNormalization', inputs, a2(a), {
    attributes: { axis: { int: -1 }, epsilon: { float: epsilon } },
  });
}

export interface ConvOptions {
  readonly stride?: readonly number[];
  readonly padding?: readonly number[];
  readonly dilation?: readonly number[];
  readonly groups?: number;
}

/** A convolution of [batch, channels, ...space] with `weight` [outputs, channels / groups, ...kernel]. */
export function conv(
  g: GraphBuilder,
  a: Value,
  weight: Value,
  bias: Value | undefined,
  options: ConvOptions = {},
): Value {
  const kernel = weight.dims.slice(2).map(Number);
  const every = (values: readonly number[] | undefined, usual: number) => kernel.map((_, at) => values?.[at] ?? usual);
  const [stride, padding, dilation] = [every(options.stride, 1), every(options.padding, 0), every(options.dilation, 1)];
  const space = a.dims.slice(2).map((size, at) =>
    windowed(size, {
      kernel: kernel[at] ?? 1,
      stride: stride[at] ?? 1,
      padding: padding[at] ?? 0,
      dilation: dilation[at] ?? 1,
    }),
  );
  const dims = [dimOf(a, 0), dimOf(weight, 0), ...space];
  return single(
    g,
    'Conv',
    [a, weight, bias],
    { element: a.element, dims },
    {
      attributes: {
        kernel_shape: { ints: kernel },
        strides: { ints: stride },
        pads: { ints: [...padding, ...padding] },
        dilations: { ints: dilation },
        group: { int: options.groups ?? 1 },
      },
    },
  );
}

/** Where `condition` holds `a`, elsewhere `b`. */
export function where(g: GraphBuilder, condition: Value, a: Value, b: Value): Value {
  const dims = broadcast(broadcast(condition.dims, a.dims), b.dims);
  return single(g, 'Where', [condition, a, b], { element: a.element, dims });
}
