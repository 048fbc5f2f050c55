import { type Dimension, GraphError, showDims } from './value.ts';

let unknowns = 0;

/** A dimension that only the running graph knows. */
export function unknownDimension(): string {
  unknowns += 1;
  return `unknown_${unknowns}`;
}

/** Whether two dimensions can be the same; names may turn out equal to anything. */
const agree = (a: Dimension, b: Dimension): boolean => typeof a === 'string' || typeof b === 'string' || a === b;

const surest = (a: Dimension, b: Dimension): Dimension => (typeof a === 'number' ? a : b);

/** Dimensions of an element-wise operation, by the rules of NumPy. */
export function broadcast(a: readonly Dimension[], b: readonly Dimension[]): Dimension[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, at) => {
    const left = a[at - rank + a.length] ?? 1;
    const right = b[at - rank + b.length] ?? 1;
    if (left === 1) return right;
    if (right === 1) return left;
    if (!agree(left, right)) throw new GraphError(`${showDims(a)} and ${showDims(b)} do not broadcast.`);
    return surest(left, right);
  });
}

/** Dimensions of a matrix product; the axes before the last two broadcast. */
export function matrixProduct(a: readonly Dimension[], b: readonly Dimension[]): Dimension[] {
  const [rows, inner] = a.slice(-2);
  const [innerToo, columns] = b.slice(-2);
  if (rows === undefined || inner === undefined || innerToo === undefined || columns === undefined)
    throw new GraphError(`${showDims(a)} and ${showDims(b)} are no matrices.`);
  if (!agree(inner, innerToo)) throw new GraphError(`${showDims(a)} and ${showDims(b)} cannot be multiplied.`);
  return [...broadcast(a.slice(0, -2), b.slice(0, -2)), rows, columns];
}

/** Elements of a shape; undefined where a dimension is not known. */
export function countOf(dims: readonly Dimension[]): number | undefined {
  let count = 1;
  for (const dim of dims) {
    if (typeof dim === 'string') return undefined;
    count *= dim;
  }
  return count;
}

/** Dimensions after ONNX's Reshape: 0 keeps the dimension at its place, one -1 takes what is left. */
export function reshaped(from: readonly Dimension[], to: readonly number[]): Dimension[] {
  const dims = to.map((size, at): Dimension => {
    if (size !== 0) return size;
    const kept = from[at];
    if (kept === undefined) throw new GraphError(`${showDims(from)} has no dimension ${at} to keep.`);
    return kept;
  });
  const free = dims.indexOf(-1);
  const total = countOf(from);
  if (free < 0) {
    const now = countOf(dims);
    if (total !== undefined && now !== undefined && now !== total)
      throw new GraphError(`${showDims(from)} cannot become ${showDims(dims)}.`);
    return dims;
  }
  const rest = countOf(dims.filter((_, at) => at !== free));
  if (total === undefined || rest === undefined) {
    dims[free] = leftOver(from, dims, free) ?? unknownDimension();
    return dims;
  }
  if (total % rest !== 0) throw new GraphError(`${showDims(from)} cannot become ${showDims(to)}.`);
  dims[free] = total / rest;
  return dims;
}

/** What -1 stands for where names cancel out: [batch, tokens, 64] as [batch, -1, 64] is tokens. */
function leftOver(from: readonly Dimension[], to: readonly Dimension[], free: number): Dimension | undefined {
  const left = [...from];
  for (const [at, dim] of to.entries()) {
    if (at === free) continue;
    const found = left.indexOf(dim);
    if (found < 0) return undefined;
    left.splice(found, 1);
  }
  const rest = left.filter((dim) => dim !== 1);
  return rest.length === 1 ? rest[0] : undefined;
}

/** An axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank) throw new GraphError(`There is no axis ${axis} of ${rank}.`);
  return at;
}

/** Length of one axis after a window of `kernel` (spread by `dilation`) went over it. */
export function windowed(
  size: Dimension,
  { kernel, stride, padding, dilation }: { kernel: number; stride: number; padding: number; dilation: number },
): Dimension {
  if (typeof size === 'string') return unknownDimension();
  const length = Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  if (length < 1) throw new GraphError(`A window of ${kernel} does not fit into ${size}.`);
  return length;
}
