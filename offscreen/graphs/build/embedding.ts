import type { GraphBuilder } from './graph-builder.ts';
import { type LinearStorage, quantized } from './linear.ts';
import { gather, single } from './ops.ts';
import { GraphError, type Value } from './value.ts';

export interface Embedded {
  /** [...ids, columns] */
  readonly rows: Value;
  /** The table itself, where it is stored as floats. */
  readonly table?: Value;
}

/** Group of a quantized table; a table is read by the row, so groups cost little and small ones are finer. */
const GROUP_SIZE = 128;

/** Rows of a table `name` [rows, columns] by number. */
export function embedding(
  g: GraphBuilder,
  name: string,
  dims: readonly [number, number],
  ids: Value,
  storage: LinearStorage,
): Embedded {
  const table = floatTable(g, name, dims, storage);
  if (table) return { table, rows: gather(g, table, ids) };
  if (storage === 'float') throw new GraphError('A table of floats is stored as floats.');
  return { rows: gatherQuantized(g, name, dims, ids, storage.bits) };
}

/** The table itself; undefined where it is quantized. */
export function floatTable(
  g: GraphBuilder,
  name: string,
  dims: readonly [number, number],
  storage: LinearStorage,
): Value | undefined {
  return storage === 'float' || dims[1] % GROUP_SIZE !== 0 ? g.param(name, dims) : undefined;
}

function gatherQuantized(
  g: GraphBuilder,
  name: string,
  [rows, columns]: readonly [number, number],
  ids: Value,
  bits: 4 | 8,
): Value {
  const blocks = columns / GROUP_SIZE;
  const matrix = quantized([g.require(name, [rows, columns])], g.float, {
    bits,
    groupSize: GROUP_SIZE,
    blockSize: GROUP_SIZE,
  });
  const [packed, scales, zeros] = matrix.outputs;
  if (!packed || !scales || !zeros) throw new RangeError('A quantized matrix has three outputs.');
  // The same bytes as a matrix product takes, seen as a table.
  const recipe = {
    ...matrix,
    outputs: [
      { ...packed, dims: [rows, (columns * bits) / 8] },
      { ...scales, dims: [rows, blocks] },
      { ...zeros, dims: [rows, Math.ceil((blocks * bits) / 8)] },
    ],
  };
  const [table, scale, zero] = g.weights(recipe, [`${name}.packed`, `${name}.scales`, `${name}.zeros`]);
  return single(
    g,
    'GatherBlockQuantized',
    [table, ids, scale, zero],
    { element: g.float, dims: [...ids.dims, columns] },
    {
      domain: 'com.microsoft',
      attributes: {
        bits: { int: bits },
        block_size: { int: GROUP_SIZE },
        gather_axis: { int: 0 },
        quantize_axis: { int: 1 },
      },
    },
  );
}
