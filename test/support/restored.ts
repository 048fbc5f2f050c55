import type { ParamReader, ParamTable } from '../../offscreen/checkpoint/checkpoint.ts';
import { quantizeRows, zeroStride } from '../../offscreen/checkpoint/quantize.ts';
import type { EmittedGraph } from '../../offscreen/graphs/build/graph-builder.ts';

/**
 * Reads the parameters that a graph stores in `bits` bits as what these bits stand for: the same graph with its weights as
 * floats, made of this, computes what the quantized one has to.
 */
export function restoredReader(
  { parts }: EmittedGraph,
  { table, reader }: { readonly table: ParamTable; readonly reader: ParamReader },
  bits: 4 | 8,
): ParamReader {
  const recipes = parts.flatMap(({ steps }) => steps.map(({ recipe }) => recipe));
  const packed = recipes.filter(({ outputs }) => outputs[0]?.element === 'uint8').flatMap(({ reads }) => reads);
  const quantized = new Set(packed);
  return {
    async rows(name, from, to) {
      const values = await reader.rows(name, from, to);
      if (!quantized.has(name)) return values;
      const [, columns = 0] = table.get(name)?.shape ?? [];
      return throughBits(values, columns, bits);
    },
  };
}

function throughBits(weights: Float32Array<ArrayBuffer>, columns: number, bits: 4 | 8): Float32Array<ArrayBuffer> {
  const groupSize = [128, 64, 32, 16].find((size) => columns % size === 0) ?? columns;
  const made = quantizeRows(weights, columns, { bits, groupSize, blockSize: groupSize, symmetric: false });
  const groups = columns / groupSize;
  const stride = (zeroStride(groups, bits) * 8) / bits;
  const level = (bytes: Uint8Array | undefined, at: number) =>
    bits === 8 ? (bytes?.[at] ?? 0) : ((bytes?.[at >> 1] ?? 0) >> ((at & 1) * 4)) & 15;
  return weights.map((_, i) => {
    const [row, group] = [Math.floor(i / columns), Math.floor((i % columns) / groupSize)];
    const zero = level(made.zeroPoints, row * stride + group);
    return (level(made.packed, i) - zero) * (made.scales[row * groups + group] ?? 0);
  });
}
