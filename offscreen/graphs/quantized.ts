import { type QuantizedMatrix, splitGroups } from '../checkpoint/quantize.ts';
import type { GraphBuilder, Value } from './graph-builder.ts';

/**
 * Columns that share a scale in the graph. The runtime's WebGPU kernel for prompts exists for this size only; without it every
 * row of a prompt is computed as if it came alone. Larger groups are written as several blocks with equal scales.
 */
const KERNEL_BLOCK = 32;

/** `input` times the transpose of a 4-bit matrix: [..., columns] -> [..., rows]. */
export function addQuantizedMatMul(graph: GraphBuilder, name: string, input: Value, matrix: QuantizedMatrix): Value {
  const divisible = matrix.groupSize % KERNEL_BLOCK === 0;
  const { rows, columns, groupSize, packed, scales, zeroPoints } = divisible
    ? splitGroups(matrix, KERNEL_BLOCK)
    : matrix;
  const groups = columns / groupSize;
  const inputs = [
    input,
    graph.weight(`${name}.packed`, packed, [rows, groups, groupSize / 2]),
    graph.weight(`${name}.scales`, scales, [rows * groups]),
    ...(zeroPoints ? [graph.weight(`${name}.zeros`, zeroPoints, [rows * Math.ceil(groups / 2)])] : []),
  ];
  const attributes = { K: { int: columns }, N: { int: rows }, bits: { int: 4 }, block_size: { int: groupSize } };
  graph.contrib('MatMulNBits', name, inputs, [name], attributes);
  return name;
}
