import type { InferenceSession } from 'onnxruntime-common';
import type { OwnedDevice } from '../../device/gpu-device.ts';
import { DECODER_IO, type DecoderShape } from '../../graphs/graph.ts';
import type { Artifact } from '../../store/artifacts.ts';
import type { RunningComponent } from '../../tasks/task-model.ts';
import { createDeviceCache, createHostCache } from './caches.ts';
import { createDeviceCross, createHostCross } from './cross-cache.ts';
import { createOrtDecoder, type OrtDecoderParts } from './decoder.ts';
import { createGraphRunner, type RunSetting } from './graph-runner.ts';
import type { PlannedComponent } from './plan.ts';
import { createSession, type Runtime } from './runtime.ts';
import type { Tier } from './tiers.ts';
import { tryDecoder, tryGraph } from './trial.ts';

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
  readonly setting: RunSetting;
  readonly maxSequences: number;
  /** The session that computes keys and values of an encoder's states; it is loaded by the time a sequence is opened. */
  readonly cross: () => InferenceSession;
}

/** A component that runs, and its session for components beside it. */
export interface StartedComponent {
  readonly running: RunningComponent;
  readonly session: InferenceSession;
  /** Gives its memory back; nothing runs on it any more. */
  close(): Promise<void>;
}

/** Opens a session and tries it once, so that everything is compiled before the first request. */
export async function startComponent(
  planned: PlannedComponent,
  artifact: Artifact,
  start: StartSetting,
): Promise<StartedComponent> {
  const { tier, runtime, owned, setting } = start;
  const { graph, storage } = planned;
  const { shape, inputs } = graph;
  // The runtime waits for ever for a device that broke while weights were written to it.
  const watched = <T>(work: Promise<T>) =>
    refuseOnError(owned ? Promise.race([work, owned.broken.then((error) => Promise.reject(error))]) : work);
  const session = await watched(
    setting.mutex.run(() =>
      createSession(runtime, tier, artifact, {
        ...(owned && { device: owned.device, onDevice: shape ? cachesOf(shape) : [] }),
        ...(storage.cacheBits && { cacheBits: storage.cacheBits }),
      }),
    ),
  );
  if (!shape) {
    const runner = createGraphRunner({ ...setting, session, inputs });
    await watched(tryGraph(runner));
    return { running: { graph: runner }, session, close: () => setting.mutex.run(() => session.release()) };
  }
  const { maxSequences } = start;
  const decoder = createOrtDecoder({ ...setting, session, shape, maxSequences, ...memoryFor(planned, shape, start) });
  await watched(tryDecoder(decoder));
  return {
    running: { decoder },
    session,
    close: () =>
      setting.mutex.run(async () => {
        decoder.dispose();
        await session.release();
      }),
  };
}

/** Where a decoder keeps what it knows of earlier tokens, and of an encoder's states. */
function memoryFor(
  { storage }: PlannedComponent,
  shape: DecoderShape,
  { runtime: { ort }, owned, cross: session }: StartSetting,
): Pick<OrtDecoderParts, 'makeCache' | 'cross'> {
  const makeCache = async () =>
    owned ? createDeviceCache(ort, owned.device, shape, storage) : createHostCache(ort, shape);
  const { encoder } = shape;
  if (!encoder) return { makeCache };
  const encoded = { ...shape, encoder };
  const make = async (states: number) =>
    owned ? createDeviceCross(ort, owned.device, encoded, { storage, states }) : createHostCross(ort, encoded, states);
  return { makeCache, cross: { make, session } };
}

const cachesOf = ({ layers }: DecoderShape): string[] =>
  Array.from({ length: layers }, (_, layer) => [
    DECODER_IO.present(layer, 'key'),
    DECODER_IO.present(layer, 'value'),
  ]).flat();
