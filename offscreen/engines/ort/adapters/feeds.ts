import type { AdapterWeights, LayerChange } from '../../../checkpoint/adapter.ts';
import { ADAPTED_IO, type AdaptedProduct } from '../../../graphs/build/adapted.ts';
import { bytesOf, encodeFloats, type PlannedWeight } from '../../../graphs/build/recipe.ts';
import type { Float } from '../../../graphs/build/value.ts';
import type { MakeSlot, WeightSlot } from '../weight-slots.ts';

/** What the products of one component are fed; without changes, what leaves them as they are. */
export interface FeedRequest {
  readonly products: readonly AdaptedProduct[];
  readonly float: Float;
  readonly weights?: AdapterWeights | undefined;
}

/** One input of a product, and what fills it. */
interface Feed {
  readonly weight: PlannedWeight;
  fill(): Promise<Float32Array<ArrayBuffer>>;
}

/** Bytes of the tensors that {@link makeFeeds} makes. */
export const feedBytes = (request: FeedRequest): number =>
  request.products.flatMap((product) => feedsOf(product, request)).reduce((sum, { weight }) => sum + weight.bytes, 0);

/** Tensors for what adapters change, filled, where the runtime takes them from. */
export async function makeFeeds(request: FeedRequest, makeSlot: MakeSlot): Promise<WeightSlot> {
  const feeds = request.products.flatMap((product) => feedsOf(product, request));
  const slot = makeSlot(feeds.map(({ weight }) => weight));
  try {
    for (const [at, feed] of feeds.entries()) slot.write(at, 0, encodeFloats(await feed.fill(), request.float));
    return slot;
  } catch (error) {
    slot.dispose();
    throw error;
  }
}

/** A layer of a product: its first output there, and what an adapter makes of it in ranks of their own. */
interface Change {
  readonly change: LayerChange;
  readonly outputs: number;
  readonly firstOutput: number;
  readonly firstRank: number;
  readonly rank: number;
}

function feedsOf(product: AdaptedProduct, { float, weights }: FeedRequest): Feed[] {
  const { name, inputs, layers, replaced } = product;
  const changes = changesOf(product, weights);
  const outputs = layers.reduce((sum, layer) => sum + layer.outputs, 0);
  // Empty tensors are nothing that all kernels take: what changes nothing is of rank 1, and zero.
  const rank = changes.reduce((sum, change) => sum + change.rank, 0) || 1;
  const feed = (input: string, dims: readonly number[], fill: Feed['fill']): Feed => ({
    weight: { name: input, element: float, dims, offset: 0, bytes: bytesOf({ element: float, dims }) },
    fill,
  });
  const matrices = [
    feed(ADAPTED_IO.down(name), [inputs, rank], () => fillDown(changes, weights, [inputs, rank])),
    feed(ADAPTED_IO.up(name), [rank, outputs], () => fillUp(changes, weights, [rank, outputs])),
  ];
  if (!replaced) return matrices;
  const kept = changes.some(({ change }) => change.kind === 'replaced') ? 0 : 1;
  return [
    ...matrices,
    feed(ADAPTED_IO.keep(name), [1], async () => Float32Array.of(kept)),
    feed(ADAPTED_IO.bias(name), [outputs], () => fillBias(changes, weights, outputs)),
  ];
}

function changesOf({ layers }: AdaptedProduct, weights: AdapterWeights | undefined): Change[] {
  const found: Change[] = [];
  let firstOutput = 0;
  let firstRank = 0;
  for (const { name, outputs } of layers) {
    const change = weights?.changes.get(name);
    if (change) {
      const rank = change.kind === 'added' ? change.rank : outputs;
      found.push({ change, outputs, firstOutput, firstRank, rank });
      firstRank += rank;
    }
    firstOutput += outputs;
  }
  return found;
}

/** [inputs, ranks of all layers]: their `down` matrices turned over, one beside the other; of replaced layers, their own. */
async function fillDown(
  changes: readonly Change[],
  weights: AdapterWeights | undefined,
  [inputs, ranks]: readonly [number, number],
): Promise<Float32Array<ArrayBuffer>> {
  const values = new Float32Array(inputs * ranks);
  for (const { change, rank, firstRank } of changes) {
    const rows = await weights?.reader.rows(change.kind === 'added' ? change.down : change.weight, 0, rank);
    for (let row = 0; row < rank; row += 1) {
      for (let at = 0; at < inputs; at += 1) values[at * ranks + firstRank + row] = rows?.[row * inputs + at] ?? 0;
    }
  }
  return values;
}

/** [ranks of all layers, outputs]: each layer's `up` matrix turned over, times its scale, where its ranks meet its outputs. */
async function fillUp(
  changes: readonly Change[],
  weights: AdapterWeights | undefined,
  [ranks, all]: readonly [number, number],
): Promise<Float32Array<ArrayBuffer>> {
  const values = new Float32Array(ranks * all);
  for (const { change, rank, outputs, firstRank, firstOutput } of changes) {
    const rows = change.kind === 'added' ? await weights?.reader.rows(change.up, 0, outputs) : undefined;
    for (let row = 0; row < rank; row += 1) {
      for (let at = 0; at < outputs; at += 1) {
        const value = change.kind === 'added' ? change.scale * (rows?.[at * rank + row] ?? 0) : Number(at === row);
        values[(firstRank + row) * all + firstOutput + at] = value;
      }
    }
  }
  return values;
}

async function fillBias(
  changes: readonly Change[],
  weights: AdapterWeights | undefined,
  outputs: number,
): Promise<Float32Array<ArrayBuffer>> {
  const values = new Float32Array(outputs);
  for (const { change, firstOutput, outputs: own } of changes) {
    if (change.kind !== 'replaced' || !change.bias || !weights) continue;
    values.set(await weights.reader.rows(change.bias, 0, own), firstOutput);
  }
  return values;
}
