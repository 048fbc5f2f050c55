import type { ComponentName } from '../../offscreen/families/family.ts';
import { CROSS_IO } from '../../offscreen/graphs/cross-attention.ts';
import { DECODER_IO } from '../../offscreen/graphs/graph.ts';
import { gridPinpoints } from '../../offscreen/graphs/llava-next.ts';
import { imageTokenOf } from '../../offscreen/processing/chat-image/image-tokens.ts';
import { packFeatures, packOrder, planTiles } from '../../offscreen/processing/chat-image/llava-next-tiles.ts';
import type { GoldenCase } from '../../test/support/golden.ts';
import type { Numbers } from '../../test/support/infer-in-page.ts';
import { floatsOf, folded, idsOf, itemOf, range } from './numbers.ts';
import type { Subject } from './subject.ts';

/** What a decoder is told besides the ids of one text. */
export interface About {
  /** States of an encoder [1, states, hidden], and the mask of those that count. */
  readonly states?: Numbers;
  readonly mask?: Numbers;
  /** Vectors of all images of the text, one after the other. */
  readonly features?: readonly number[];
}

/** Whether the model has a decoder. */
export const decodes = ({ graphs }: Subject): boolean => graphs.has('decoder');

/** The graphs that logits come from. */
export function decoderGraphs({ graphs }: Subject): readonly ComponentName[] {
  return (['encoder', 'cross', 'vision', 'decoder'] as const).filter((name) => graphs.has(name));
}

/** Logits [positions, vocabulary] of one text, as a site gets them that runs the graphs one after the other. */
export async function logitsOf(
  subject: Subject,
  ids: readonly number[],
  { states, mask, features = [] }: About = {},
  positions: readonly number[] = range(ids.length),
): Promise<Numbers> {
  const shape = subject.graphs.get('decoder')?.shape;
  if (!shape) throw new Error('The model has no decoder.');
  const tokens = shape.embeddings
    ? { [DECODER_IO.inputsEmbeds]: await embed(subject, ids, features) }
    : { [DECODER_IO.inputIds]: idsOf(ids) };
  const { logits } = await subject.run('decoder', {
    ...tokens,
    ...(states && { [CROSS_IO.encoderStates]: states }),
    ...(mask && shape.encoder?.masked && { [CROSS_IO.encoderMask]: mask }),
    [DECODER_IO.logitPositions]: idsOf(positions, [positions.length]),
  });
  if (!logits) throw new Error('The decoder gave no logits.');
  return logits;
}

/** Vectors of ids, those of image tokens replaced by the vectors of images. */
async function embed(subject: Subject, ids: readonly number[], features: readonly number[]): Promise<Numbers> {
  const { [DECODER_IO.inputsEmbeds]: vectors } = await subject.run('embedding', { [DECODER_IO.inputIds]: idsOf(ids) });
  const width = vectors?.dims.at(-1) ?? 0;
  const values = [...(vectors?.values ?? [])];
  const token = imageTokenOf(subject.golden.config);
  let used = 0;
  for (const [at, id] of ids.entries()) {
    if (id !== token) continue;
    for (const column of range(width)) values[at * width + column] = features[used + column] ?? Number.NaN;
    used += width;
  }
  if (used !== features.length) throw new Error(`There are ${features.length - used} numbers of images left over.`);
  return floatsOf(values, [1, ids.length, width]);
}

/** Reads the tensor of a case. */
export async function feed(
  { golden }: Subject,
  ref: GoldenCase['inputs'][string] | undefined,
): Promise<Numbers | undefined> {
  if (!ref) return undefined;
  const { type, dims, data } = await golden.feed(ref);
  return { dtype: type as Numbers['dtype'], dims: [...dims], values: Array.from(data as ArrayLike<number>, Number) };
}

/** Vectors of all images of a case, as the language model takes them; those of tiles put together to rows of patches. */
export async function imageFeatures(
  subject: Subject,
  { pixel_values, image_sizes }: GoldenCase['inputs'],
): Promise<readonly number[]> {
  const pixels = await feed(subject, pixel_values);
  if (!pixels) return [];
  if (!image_sizes) {
    const { image_features } = await subject.run('vision', { pixel_values: pixels });
    return image_features?.values ?? [];
  }
  const sizes = await subject.golden.ids(image_sizes);
  const features: number[] = [];
  for (const image of range(pixels.dims[0] ?? 0)) {
    const [height = 0, width = 0] = sizes.slice(2 * image);
    features.push(...(await tiledFeatures(subject, itemOf(pixels, image), [height, width])));
  }
  return features;
}

async function tiledFeatures(
  subject: Subject,
  pixels: Numbers,
  size: readonly [number, number],
): Promise<readonly number[]> {
  const [, , , edge = 0] = pixels.dims;
  const plan = planTiles(size, gridPinpoints(subject.golden.config), edge);
  const tiles = folded(pixels);
  const [count = 1, ...tile] = tiles.dims;
  const values = tiles.values.slice(0, (tiles.values.length / count) * plan.tiles);
  const seen = await subject.run('vision', { pixel_values: floatsOf(values, [plan.tiles, ...tile]) });
  const { image_features: patches, image_newline: newline } = seen;
  const order = packOrder(size, plan.grid, Math.sqrt(patches?.dims[1] ?? 0));
  return [...packFeatures(Float32Array.from(patches?.values ?? []), Float32Array.from(newline?.values ?? []), order)];
}

/** Takes for each text as many vectors of images as it has places for them. */
export function dealFeatures(
  { golden, graphs }: Subject,
  features: readonly number[],
): (ids: readonly number[]) => readonly number[] {
  const width = graphs.get('decoder')?.shape?.hidden ?? 0;
  const token = imageTokenOf(golden.config);
  let used = 0;
  return (ids) => {
    const start = used;
    used += ids.filter((id) => id === token).length * width;
    return features.slice(start, used);
  };
}

export interface GreedyOptions {
  readonly maxNewTokens: number;
  /** Ids that end a text; they are among those that are answered, as in the golden files. */
  readonly endIds: ReadonlySet<number>;
  /** Chooses by logits [vocabulary]. */
  choose(logits: Float32Array): number;
}

/** New tokens after a prompt, one run of the decoder for each. */
export async function continueText(
  subject: Subject,
  prompt: readonly number[],
  about: About,
  { maxNewTokens, endIds, choose }: GreedyOptions,
): Promise<readonly number[]> {
  const tokens: number[] = [];
  while (tokens.length < maxNewTokens) {
    const ids = [...prompt, ...tokens];
    const { values } = await logitsOf(subject, ids, about, [ids.length - 1]);
    const token = choose(Float32Array.from(values));
    tokens.push(token);
    if (endIds.has(token)) break;
  }
  return tokens;
}
