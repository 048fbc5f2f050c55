import type { GraphBuilder } from './build/graph-builder.ts';
import { add, cast, concat, conv, dimOf, expand, reshape, sizeOf, transpose } from './build/ops.ts';
import { derived, type ParamShape } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';
import { corrupt } from './config-fields.ts';

/** Height and width. */
export type Extent = readonly [number, number];

export interface Patches {
  readonly channels: number;
  readonly image: Extent;
  readonly patch: Extent;
  readonly hidden: number;
}

/** Parameters of a patch embedding: the convolution's name, and the class token and positions with their shapes. */
export interface PatchNames {
  readonly projection: string;
  readonly bias: boolean;
  readonly classToken: string;
  readonly classDims: readonly number[];
  readonly positions: string;
  /** What comes before [tokens, hidden] in the shape of the positions. */
  readonly positionsLead: readonly number[];
}

/** Patches of an image. @throws WebplatError `model-corrupt` where a patch is larger than the image. */
export function countPatches({ image, patch }: Pick<Patches, 'image' | 'patch'>): number {
  const [rows, columns] = [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])];
  if (rows < 1 || columns < 1) throw corrupt('config.json has patches that are larger than the image.');
  return rows * columns;
}

/** The input `name` of images, float32 [batch, channels, height, width], in the graph's float type. */
export function imageInput(g: GraphBuilder, name: string, { channels, image }: Patches): Value {
  return cast(g, g.input(name, 'float32', ['batch', channels, ...image]), g.float);
}

/**
 * Images [batch, channels, height, width] cut into patches, each a token, after a class token
 * (Dosovitskiy et al. 2020, arXiv:2010.11929) -> [batch, 1 + patches, hidden].
 */
export function patchEmbedding(g: GraphBuilder, pixels: Value, patches: Patches, names: PatchNames): Value {
  const { channels, patch, hidden } = patches;
  const count = countPatches(patches);
  const positions = g.require(names.positions, [...names.positionsLead, count + 1, hidden]);
  const kernel = g.param(`${names.projection}.weight`, [hidden, channels, ...patch]);
  const cut = conv(g, pixels, kernel, undefined, { stride: patch });
  const tokens = transpose(g, reshape(g, cut, [0, hidden, -1]), [0, 2, 1]);
  const placed = add(g, tokens, patchPositions(g, names, positions, [1, count, hidden]));
  const first = classToken(g, names, positions, hidden);
  return concat(g, [repeated(g, first, sizeOf(g, pixels, 0), dimOf(pixels, 0)), placed], 1);
}

/** What is added to every patch: its position and the bias of the projection, which is the same for all. */
function patchPositions(g: GraphBuilder, names: PatchNames, positions: ParamShape, dims: readonly number[]): Value {
  const hidden = dims.at(-1) ?? 1;
  const bias = names.bias ? [g.require(`${names.projection}.bias`, [hidden])] : [];
  const recipe = derived([positions, ...bias], dims, g.float, (table, shift) =>
    table.slice(hidden).map((value, i) => value + (shift?.[i % hidden] ?? 0)),
  );
  return onlyWeight(g.weights(recipe, [`${names.positions}.patches`]));
}

function classToken(g: GraphBuilder, names: PatchNames, positions: ParamShape, hidden: number): Value {
  const token = g.require(names.classToken, names.classDims);
  const recipe = derived([token, positions], [1, 1, hidden], g.float, (values, table) =>
    values.map((value, i) => value + (table[i] ?? 0)),
  );
  return onlyWeight(g.weights(recipe, [`${names.classToken}.placed`]));
}

function onlyWeight([value]: readonly Value[]): Value {
  if (!value) throw new GraphError('A recipe without a weight.');
  return value;
}

/** `a` [1, tokens, hidden] for each of `count`, int64 [1]. */
function repeated(g: GraphBuilder, a: Value, count: Value, batch: Value['dims'][number]): Value {
  const shape = concat(g, [count, g.integers(a.dims.slice(1).map(Number))], 0);
  return expand(g, a, shape, [batch, ...a.dims.slice(1)]);
}
