import { createConverterSpawner } from '../../../../offscreen/convert/converter-workers.ts';
import { type OpenModel, openModel } from '../../../../offscreen/engines/ort/open-model.ts';
import type { Tier } from '../../../../offscreen/engines/ort/tiers.ts';
import { packFeatures } from '../../../../offscreen/processing/chat-image/llava-next-tiles.ts';
import { createBusySign } from '../../../../offscreen/schedule/busy.ts';
import { createFileServiceClient } from '../../../../offscreen/store/file-service.ts';
import type { ModelManifest } from '../../../../offscreen/store/manifest.ts';
import { type BeamOptions, beamSearch } from '../../../../offscreen/tasks/beam-search.ts';
import { decode, encode } from '../../../../offscreen/tasks/encode-decode.ts';
import { argmax } from '../../../../offscreen/tasks/sampling.ts';
import type { TaskModel } from '../../../../offscreen/tasks/task-model.ts';
import { embeddingDecoder, embedPrompt } from '../../../../offscreen/tasks/token-vectors.ts';
import { toWireError } from '../../../../src/protocol/errors.ts';
import type { TensorMap } from '../../../../src/protocol/tensor.ts';
import { encodeDecode } from '../../../support/encode-decode.ts';
import { type PlainTensor, toWire } from './plain-tensor.ts';

/** A worker that holds a model as the engine's own does, and calls functions of tasks on it that no message of the engine names. */

type PlainTensors = Readonly<Record<string, PlainTensor>>;

/** A picture of a prompt: what the graph `vision` takes, and the order of its vectors where they are put together. */
export interface PlainPicture {
  readonly pixels: PlainTensor;
  readonly token: number;
  readonly order?: readonly number[];
}

/** What the worker is asked for, and answers. */
export interface TaskCalls {
  open(args: {
    readonly tier: Tier;
    readonly manifest: ModelManifest;
    readonly assetBase: string;
    readonly graphs: readonly string[];
  }): true;
  /** Logits [tokens * vocabulary] after an encoder. */
  encodedLogits(args: { readonly inputs: PlainTensors; readonly ids: readonly number[] }): readonly number[];
  encodedTokens(args: {
    readonly inputs: PlainTensors;
    readonly prompt: readonly number[];
    readonly maxNewTokens: number;
    /** Tokens that are not chosen, and those that are not chosen first. */
    readonly hushed: { readonly always: readonly number[]; readonly first: readonly number[] };
  }): readonly number[];
  beams(args: {
    readonly inputs: PlainTensors;
    readonly prompt: readonly number[];
    readonly endIds: readonly number[];
    readonly options: Omit<BeamOptions, 'endIds'>;
  }): { readonly tokens: readonly number[]; readonly score: number };
  /** Logits [tokens * vocabulary] of a prompt in vectors. */
  vectorLogits(args: { readonly ids: readonly number[]; readonly picture?: PlainPicture }): readonly number[];
  vectorTokens(args: {
    readonly ids: readonly number[];
    readonly picture?: PlainPicture;
    readonly maxNewTokens: number;
  }): readonly number[];
  gpuBytes(args: Record<never, never>): number;
}

export type TaskCall = {
  [Name in keyof TaskCalls]: { readonly name: Name; readonly args: Parameters<TaskCalls[Name]>[0] };
}[keyof TaskCalls];

type Handlers = {
  [Name in keyof TaskCalls]: (args: Parameters<TaskCalls[Name]>[0]) => Promise<ReturnType<TaskCalls[Name]>>;
};

const signal = new AbortController().signal;
const events = { signal, onCompute: () => {} };
const service = createFileServiceClient((ask) => postMessage(ask));
const converters = createConverterSpawner((ask, transfer) => postMessage(ask, { transfer }));
let opened: OpenModel | undefined;
let used: TaskModel | undefined;

function model(): TaskModel {
  if (!used) throw new Error('No model is open.');
  return used;
}

const wire = (tensors: PlainTensors): TensorMap =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toWire(tensor)]));

async function vectorsOf(ids: readonly number[], picture: PlainPicture | undefined): Promise<Float32Array> {
  const embedding = model().graph('embedding');
  if (!picture) return embedPrompt(embedding, ids, { token: -1, features: new Float32Array() }, events);
  const seen = await model()
    .graph('vision')
    .run({ pixel_values: toWire(picture.pixels) }, events);
  const floats = (name: string) => new Float32Array(seen[name]?.data ?? new ArrayBuffer(0));
  const features = picture.order
    ? packFeatures(floats('image_features'), floats('image_newline'), Int32Array.from(picture.order))
    : floats('image_features');
  return embedPrompt(embedding, ids, { token: picture.token, features }, events);
}

const handlers: Handlers = {
  async open({ tier, manifest, assetBase, graphs }) {
    opened = await openModel({
      tier,
      contentHash: manifest.contentHash,
      files: manifest.files,
      service,
      adapterFiles() {
        throw new Error('There are no adapters.');
      },
      precision: 'fp32',
      assetBase: new URL(assetBase),
      inSequence: false,
      busy: createBusySign(),
      spawnConverter: converters.spawn,
      onProgress: () => {},
      onDropped: () => {},
      admit: async () => undefined,
    });
    for (const graph of graphs) used = (await opened.use({ task: 'tensors', graph }, signal)).model;
    return true;
  },
  async encodedLogits({ inputs, ids }) {
    const states = await encode(model().graph('encoder'), wire(inputs), events);
    const sequence = await model().decoder('decoder').open(states);
    // In two steps, so that the second reads what the first left in the caches.
    const [first, rest] = [ids.slice(0, 1), ids.slice(1)];
    const logits = [...(await sequence.advance(first)).logits];
    if (rest.length > 0) logits.push(...(await sequence.advance(rest, [...rest.keys()])).logits);
    sequence.close();
    return logits;
  },
  encodedTokens: ({ inputs, prompt, maxNewTokens, hushed }) =>
    encodeDecode(
      model(),
      {
        inputs: wire(inputs),
        prompt,
        maxNewTokens,
        choose(logits, generated) {
          for (const token of hushed.always) logits[token] = Number.NEGATIVE_INFINITY;
          if (generated.length === 0) for (const token of hushed.first) logits[token] = Number.NEGATIVE_INFINITY;
          return argmax(logits);
        },
      },
      events,
    ),
  async beams({ inputs, prompt, endIds, options }) {
    const about = await encode(model().graph('encoder'), wire(inputs), events);
    return beamSearch(model().decoder('decoder'), { prompt, about }, { ...options, endIds: new Set(endIds) }, events);
  },
  async vectorLogits({ ids, picture }) {
    const sequence = await model().decoder('decoder').open();
    const { logits } = await sequence.advance(await vectorsOf(ids, picture), [...ids.keys()]);
    sequence.close();
    return [...logits];
  },
  async vectorTokens({ ids, picture, maxNewTokens }) {
    const decoder = embeddingDecoder(model().decoder('decoder'), model().graph('embedding'));
    const sequence = await decoder.open();
    const options = { maxNewTokens, choose: argmax };
    const tokens = await decode(decoder, sequence, await vectorsOf(ids, picture), options, events);
    sequence.close();
    return tokens;
  },
  gpuBytes: async () => opened?.memory().gpuBytes ?? 0,
};

async function answer({ name, args }: TaskCall): Promise<void> {
  try {
    const handle = handlers[name] as (given: unknown) => Promise<unknown>;
    postMessage({ kind: 'value', value: await handle(args) });
  } catch (error) {
    postMessage({ kind: 'error', error: { ...toWireError(error), text: String(error) } });
  }
}

globalThis.onmessage = ({ data }) => {
  if (data.kind === 'answer') service.receive(data);
  else if (data.kind === 'converter-broke') converters.receive(data);
  else void answer(data);
};
