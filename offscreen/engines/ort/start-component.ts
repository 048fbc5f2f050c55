import type { Tensor } from 'onnxruntime-common';
import type { OwnedDevice } from '../../device/gpu-device.ts';
import type { ComponentName } from '../../families/family.ts';
import type { EmittedGraph } from '../../graphs/build/graph-builder.ts';
import { DECODER_IO, type DecoderShape } from '../../graphs/graph.ts';
import type { Artifact } from '../../store/artifacts.ts';
import type { RunningComponent } from '../../tasks/task-model.ts';
import { makeFeeds } from './adapters/feeds.ts';
import { createDeviceCache, createHostCache } from './caches.ts';
import { createDeviceCross, createHostCross } from './cross-cache.ts';
import { createOrtDecoder, type OrtDecoderParts } from './decoder.ts';
import { fedWith } from './fed-with.ts';
import type { FixedSessions, Runnable } from './fixed-session.ts';
import { paddedDimensions, roundUp } from './fixed-sizes.ts';
import { createGraphRunner, type RunSetting } from './graph-runner.ts';
import type { PlannedComponent } from './plan.ts';
import { createSession, type Runtime } from './runtime.ts';
import { openStreamed } from './streaming/open-streamed.ts';
import type { StreamedSession } from './streaming/streamed-session.ts';
import type { Tier } from './tiers.ts';
import { tryDecoder, tryGraph } from './trial.ts';
import { createWebnnSessions, type OpenWebnn } from './webnn-sessions.ts';
import { deviceSlots, hostSlots } from './weight-slots.ts';

/** The tier cannot run the model; another one may. */
export class TierRefused extends Error {}

export async function refuseOnError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new TierRefused(error instanceof Error ? error.message : String(error));
  }
}

export interface StartSetting {
  readonly tier: Tier;
  readonly runtime: Runtime;
  readonly owned: OwnedDevice | undefined;
  readonly webnn: OpenWebnn | undefined;
  readonly setting: RunSetting;
  readonly maxSequences: number;
  /** The session that computes keys and values of an encoder's states; it is loaded by the time a sequence is opened. */
  readonly cross: () => Runnable;
}

/** Tensors that an adapter feeds a component in place of those that change nothing. */
export type FeedsOf = (component: ComponentName) => Readonly<Record<string, Tensor>>;

/** A component that runs, and its session for components beside it. */
export interface StartedComponent {
  readonly running: RunningComponent;
  /** The same as an adapter changes it; absent for graphs that others made. */
  readonly adapted?: (feedsOf: FeedsOf) => RunningComponent;
  readonly session: Runnable;
  /** The same, where it is sessions of fixed sizes. */
  readonly fixed?: FixedSessions;
  /** The same, where its layers are read as they are needed. */
  readonly streamed?: StreamedSession;
  /** Gives its memory back; nothing runs on it any more. */
  close(): Promise<void>;
}

/** Bytes of the largest weight that is written to a device in one piece. */
function largestWeight({ parts }: Pick<EmittedGraph, 'parts'>): number {
  const weights = parts.flatMap(({ steps }) => steps.flatMap((step) => step.weights));
  return weights.reduce((most, { bytes }) => Math.max(most, bytes), 0);
}

/** Opens a session and tries it once, so that everything is compiled before the first request. */
export async function startComponent(
  planned: PlannedComponent,
  artifact: Artifact,
  start: StartSetting,
): Promise<StartedComponent> {
  const { tier, runtime, owned, webnn, setting } = start;
  const { graph, storage } = planned;
  const { shape, inputs } = graph;
  // The runtime waits for ever for a device that broke while weights were written to it.
  const watched = <T>(work: Promise<T>) =>
    refuseOnError(owned ? Promise.race([work, owned.broken.then((error) => Promise.reject(error))]) : work);
  const fixed = webnn && createWebnnSessions(planned, artifact, runtime, webnn);
  const streamed = await openLayers(planned, artifact, start, watched);
  const products = graph.adapted ?? [];
  const makeSlot = owned ? deviceSlots(runtime.ort, owned.device) : hostSlots(runtime.ort);
  const unchanged = products.length > 0 ? await makeFeeds({ products, float: storage.float }, makeSlot) : undefined;
  const opened: Runnable =
    fixed ??
    streamed ??
    (await watched(
      setting.mutex.run(() => {
        owned?.reserveStaging(largestWeight(graph));
        return createSession(runtime, tier, artifact, {
          ...(owned && { owned, onDevice: shape ? cachesOf(shape) : [] }),
          ...(storage.cacheBits && { cacheBits: storage.cacheBits }),
        });
      }),
    ));
  const session = unchanged ? fedWith(opened, unchanged.tensors) : opened;
  const release = async () => {
    await session.release();
    unchanged?.dispose();
  };
  const started = { session, ...(fixed && { fixed }), ...(streamed && { streamed }) };
  if (!shape) {
    const runWith = (runnable: Runnable) => createGraphRunner({ ...setting, session: runnable, inputs });
    const runner = runWith(session);
    // Sizes that nobody will ask for are no trial where each takes a session of its own.
    if (!fixed || hasUsualSizes(graph)) await watched(tryGraph(runner));
    return {
      running: { graph: runner },
      adapted: (feedsOf: FeedsOf) => ({ graph: runWith(fedWith(session, feedsOf(planned.name))) }),
      ...started,
      close: () => setting.mutex.run(release),
    };
  }
  const { maxSequences } = start;
  const decoder = createOrtDecoder({ ...setting, session, shape, maxSequences, ...memoryFor(planned, shape, start) });
  await watched(tryDecoder(decoder));
  const close = () =>
    setting.mutex.run(async () => {
      decoder.dispose();
      await release();
    });
  const adapted = (feedsOf: FeedsOf): RunningComponent => ({
    decoder: decoder.adapted({ own: feedsOf(planned.name), cross: feedsOf('cross') }),
  });
  return { running: { decoder }, adapted, ...started, close };
}

/** A decoder whose layers are read as they are needed, where that was planned. */
async function openLayers(
  { graph: { shape }, storage, streamed }: PlannedComponent,
  artifact: Artifact,
  { runtime, tier, owned, setting }: StartSetting,
  watched: <T>(work: Promise<T>) => Promise<T>,
): Promise<StreamedSession | undefined> {
  if (!streamed || !shape) return undefined;
  const request = { runtime, tier, owned, artifact, shape, storage, ...streamed };
  return watched(setting.mutex.run(() => openStreamed(request)));
}

/** Where a decoder keeps what it knows of earlier tokens, and of an encoder's states. */
function memoryFor(
  { storage }: PlannedComponent,
  shape: DecoderShape,
  { runtime: { ort }, owned, webnn, cross: session }: StartSetting,
): Pick<OrtDecoderParts, 'makeCache' | 'cross' | 'stepTokens'> {
  const makeCache = async () =>
    owned ? createDeviceCache(ort, owned.device, shape, storage) : createHostCache(ort, shape, Boolean(webnn));
  const steps = webnn && {
    stepTokens: (count: number, room: number) => Math.max(count, Math.min(room, roundUp(count))),
  };
  const { encoder } = shape;
  if (!encoder) return { makeCache, ...steps };
  const encoded = { ...shape, encoder };
  const make = async (states: number) =>
    owned ? createDeviceCross(ort, owned.device, encoded, { storage, states }) : createHostCross(ort, encoded, states);
  return { makeCache, ...steps, cross: { make, session } };
}

/** Whether the sizes of a trial are those of likely requests: one item, and what may be filled up. */
function hasUsualSizes(graph: PlannedComponent['graph']): boolean {
  const padded = paddedDimensions(graph);
  const named = graph.inputs.flatMap(({ dims }) => dims).filter((dim) => typeof dim === 'string');
  return named.every((dim) => dim === 'batch' || padded.has(dim));
}

const cachesOf = ({ layers }: DecoderShape): string[] =>
  Array.from({ length: layers }, (_, layer) => [
    DECODER_IO.present(layer, 'key'),
    DECODER_IO.present(layer, 'value'),
  ]).flat();
