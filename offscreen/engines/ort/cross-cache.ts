import type { Tensor } from 'onnxruntime-common';
import { WebplatError } from '../../../src/protocol/errors.ts';
import { ELEMENT_SIZES } from '../../graphs/build/value.ts';
import { CROSS_IO } from '../../graphs/cross-attention.ts';
import type { CrossShape, DecoderShape, Storage } from '../../graphs/graph.ts';
import type { EncoderStates } from '../../tasks/decoder.ts';
import { CACHE_USAGE, makeBuffers } from './buffers.ts';
import type { Runnable } from './fixed-session.ts';
import { type RunSetting, runInTurn } from './graph-runner.ts';
import type { OrtModule } from './runtime.ts';

/** Keys and values of an encoder's states for every layer of a decoder, where the decoder reads them. Zeros at first. */
export interface CrossCache {
  /** Tensors to feed, by input name. */
  feeds(): Readonly<Record<string, Tensor>>;
  /** Where results go, by output name; null lets the runtime allocate. */
  fetches(): Readonly<Record<string, Tensor | null>>;
  /** Takes the results of a run. */
  keep(results: Readonly<Record<string, Tensor>>): void;
  /** Gives the memory back; whoever reads the cache has ended. */
  dispose(): void;
}

type EncodedShape = DecoderShape & { readonly encoder: CrossShape };

const PARTS = ['key', 'value'] as const;

const crossNames = ({ layers }: DecoderShape): string[] =>
  Array.from({ length: layers }, (_, layer) => PARTS.map((part) => CROSS_IO.keyValue(layer, part))).flat();

const crossDims = ({ keyValueHeads, encoder }: EncodedShape, states: number): number[] => [
  ...[1, keyValueHeads, states, encoder.headSize],
];

/** Buffers of exactly this input's size, which never leave the device. */
export async function createDeviceCross(
  ort: OrtModule,
  device: GPUDevice,
  shape: EncodedShape,
  { storage: { float: dataType }, states }: { readonly storage: Storage; readonly states: number },
): Promise<CrossCache> {
  const dims = crossDims(shape, states);
  const size = dims.reduce((product, dim) => product * dim, ELEMENT_SIZES[dataType]);
  const names = crossNames(shape);
  const buffers = await makeBuffers(device, names.length, { size, usage: CACHE_USAGE });
  const tensors = Object.fromEntries(
    buffers.map((buffer, at) => [names[at], ort.Tensor.fromGpuBuffer(buffer, { dataType, dims })]),
  );
  return {
    feeds: () => tensors,
    fetches: () => tensors,
    keep: () => {},
    dispose() {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}

/** What the runtime gives, in ordinary memory. */
export function createHostCross(ort: OrtModule, shape: EncodedShape, states: number): CrossCache {
  const names = crossNames(shape);
  const dims = crossDims(shape, states);
  const zeros = () => new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);
  let tensors: Record<string, Tensor> | undefined;
  return {
    feeds() {
      tensors ??= Object.fromEntries(names.map((name) => [name, zeros()]));
      return tensors;
    },
    fetches: () => Object.fromEntries(names.map((name) => [name, null])),
    keep(results) {
      tensors = { ...results };
    },
    dispose() {
      tensors = {};
    },
  };
}

/**
 * Checks states against what a decoder takes.
 *
 * @returns how many there are
 * @throws WebplatError `context-overflow`, or `internal` for what no task may ask for
 */
export function countStates(shape: DecoderShape, about: EncoderStates | undefined): number {
  const { encoder } = shape;
  if (!encoder !== !about) throw new WebplatError('internal', 'A decoder is opened with states if it has an encoder.');
  if (!encoder || !about) return 0;
  const states = about.values.length / encoder.hidden;
  if (!Number.isInteger(states) || states === 0) throw new WebplatError('internal', 'States are rows [hidden].');
  if (about.mask && (!encoder.masked || about.mask.length !== states)) {
    throw new WebplatError('internal', 'A mask has an element for each state, and is for decoders that take one.');
  }
  if (states > encoder.states) {
    throw new WebplatError('context-overflow', undefined, { requested: states, quota: encoder.states });
  }
  return states;
}

/** Computes keys and values of `about` into `cache`; answers the time that took. */
export async function fillCross(
  setting: RunSetting,
  session: Runnable,
  cache: CrossCache,
  { values }: EncoderStates,
  states: number,
): Promise<number> {
  const dims = [1, states, values.length / states];
  const input = { [CROSS_IO.encoderStates]: new setting.ort.Tensor('float32', values, dims) };
  const { computeMs } = await runInTurn(setting, async () => cache.keep(await session.run(input, cache.fetches())));
  return computeMs;
}
