import type { Tensor } from 'onnxruntime-common';
import { WebplatError } from '../../../../src/protocol/errors.ts';
import type { Artifact } from '../../../store/artifacts.ts';
import type { MakeSlot, WeightSlot } from '../weight-slots.ts';
import { isKept, type StreamLayout, type WeightFile } from './layout.ts';

type Weights = Readonly<Record<string, Tensor>>;

/** Weights of a decoder, some of whose layers are read from disk whenever their turn comes. */
export interface LayerWeights {
  /** Those of everything but layers. */
  readonly ends: Weights;
  /**
   * Those of a layer, by the names of the first one's; they hold until those of another are asked for. Layers are asked for in
   * their order, and from the first one again.
   */
  layer(at: number): Promise<Weights>;
  /** Bytes that are read for every step. */
  readonly stepBytes: number;
  /** Layers of which that is the sum. */
  readonly streamedLayers: number;
  dispose(): Promise<void>;
}

export interface LayerWeightsParts {
  readonly layout: Pick<StreamLayout, 'ends' | 'layers'>;
  readonly files: Artifact['parts'];
  /** Layers that stay in memory. */
  readonly keptLayers: number;
  readonly makeSlot: MakeSlot;
}

/** Slots that streamed layers take turns in: one is computed with while the next one is read. */
export const STREAM_SLOTS = 2;

/** A read; a multiple of the alignment of weights in their files. */
const CHUNK_BYTES = 8 * 2 ** 20;
/** Reads that are begun at once: the processor's runtime computes in one go, and lets nobody begin another one meanwhile. */
const CHUNKS_AHEAD = 4;

/** @throws WebplatError `engine-failed` when a file of the artifact cannot be read any more */
export async function openLayerWeights(parts: LayerWeightsParts): Promise<LayerWeights> {
  const { layout, files, keptLayers, makeSlot } = parts;
  const { ends, layers } = layout;
  const slots: WeightSlot[] = [];
  const newSlot = ({ weights }: WeightFile): WeightSlot => {
    const slot = makeSlot(weights);
    slots.push(slot);
    return slot;
  };
  const fileOf = ({ file }: WeightFile): Blob => {
    const found = files.find((part) => part.file === file);
    if (!found) throw new WebplatError('internal');
    return found.data;
  };
  const filled = async (file: WeightFile): Promise<Weights> => {
    const slot = newSlot(file);
    await fill(slot, file, fileOf(file));
    return slot.tensors;
  };

  const kept = new Map<number, Weights>();
  const streamed: number[] = [];
  const endWeights: Weights[] = [];
  for (const end of ends) endWeights.push(await filled(end));
  // So few take turns with nobody: each keeps a slot.
  const keeping = layers.length - keptLayers <= STREAM_SLOTS ? layers.length : keptLayers;
  for (const [at, layer] of layers.entries()) {
    if (isKept(at, keeping, layers.length)) kept.set(at, await filled(layer));
    else streamed.push(at);
  }
  const [sample] = layers;
  const ring = sample && streamed.length > 0 ? Array.from({ length: STREAM_SLOTS }, () => newSlot(sample)) : [];
  /** Turns that were begun, each in the slot after that of the one before. */
  let turns = 0;
  let coming: { readonly layer: number; readonly weights: Promise<Weights> } | undefined;

  function bring(layer: number): Promise<Weights> {
    const [slot, file] = [ring[turns % ring.length], layers[layer]];
    if (!slot || !file) throw new WebplatError('internal');
    turns += 1;
    const weights = fill(slot, file, fileOf(file)).then(() => slot.tensors);
    // Whoever asks for it is told; until then nobody listens.
    weights.catch(() => {});
    coming = { layer, weights };
    return weights;
  }

  const after = (layer: number): number => streamed[(streamed.indexOf(layer) + 1) % streamed.length] ?? layer;
  return {
    ends: Object.assign({}, ...endWeights),
    async layer(at) {
      const there = kept.get(at);
      if (there) return there;
      // Begun anew after a step that failed halfway.
      if (coming && coming.layer !== at) await coming.weights.catch(() => {});
      const weights = await (coming?.layer === at ? coming.weights : bring(at));
      bring(after(at));
      return weights;
    },
    stepBytes: streamed.reduce((sum, at) => sum + (layers[at]?.bytes ?? 0), 0),
    streamedLayers: streamed.length,
    async dispose() {
      await coming?.weights.catch(() => {});
      for (const slot of slots) slot.dispose();
    },
  };
}

/** Reads a file of weights into a slot, a bounded piece at a time. */
async function fill(slot: WeightSlot, { weights, bytes }: WeightFile, data: Blob): Promise<void> {
  const free = slot.free();
  const read = async (start: number) => {
    const end = Math.min(bytes, start + CHUNK_BYTES);
    const chunk = await data
      .slice(start, end)
      .arrayBuffer()
      .catch(() => undefined);
    return { start, end, chunk };
  };
  const reads: ReturnType<typeof read>[] = [];
  let next = 0;
  for (;;) {
    for (; next < bytes && reads.length < CHUNKS_AHEAD; next += CHUNK_BYTES) reads.push(read(next));
    const first = reads.shift();
    if (!first) return;
    const { start, end, chunk } = await first;
    if (chunk?.byteLength !== end - start) throw new WebplatError('engine-failed');
    await free;
    for (const [at, weight] of weights.entries()) {
      const from = Math.max(weight.offset, start);
      const to = Math.min(weight.offset + weight.bytes, end);
      if (from < to) slot.write(at, from - weight.offset, new Uint8Array(chunk, from - start, to - from));
    }
  }
}
