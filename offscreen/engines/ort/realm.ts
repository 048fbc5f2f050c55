import { createMutex } from '../../../src/shared/mutex.ts';
import { type OwnedDevice, openDevice, requestAdapter } from '../../device/gpu-device.ts';
import { createReadBack } from '../../device/read-back.ts';
import { requestWebnn } from '../../device/webnn.ts';
import type { MemoryUse } from '../engine.ts';
import type { RunSetting } from './graph-runner.ts';
import { heldBy } from './plan.ts';
import { loadRuntime, type Runtime } from './runtime.ts';
import { refuseOnError, TierRefused } from './start-component.ts';
import { hasOwnDevice, type Tier, webnnDeviceOf } from './tiers.ts';
import type { OpenWebnn } from './webnn-sessions.ts';

/** What everything of one worker runs on. */
export interface Realm {
  readonly runtime: Runtime;
  /** Absent where no graphics device of ours computes. */
  readonly owned: OwnedDevice | undefined;
  readonly webnn: OpenWebnn | undefined;
  readonly setting: RunSetting;
}

/** @throws {@link TierRefused} */
export async function openRealm(tier: Tier, assetBase: URL): Promise<Realm> {
  const runtime = await refuseOnError(loadRuntime(tier, assetBase));
  const owned = hasOwnDevice(tier) ? await refuseOnError(openOwnDevice()) : undefined;
  const webnn = await openWebnn(tier);
  const setting: RunSetting = {
    ort: runtime.ort,
    mutex: createMutex(),
    readBack: owned ? await createReadBack(owned.device) : (work) => work(),
    diagnose: async () => owned?.diagnose(),
  };
  return { runtime, owned, webnn, setting };
}

async function openOwnDevice(): Promise<OwnedDevice> {
  const adapter = await requestAdapter();
  if (!adapter) throw new TierRefused('No graphics adapter answered the worker.');
  return openDevice(adapter);
}

/** A context for tiers on WebNN. @throws TierRefused where the browser opens none */
async function openWebnn(tier: Tier): Promise<OpenWebnn | undefined> {
  const deviceType = webnnDeviceOf(tier);
  if (!deviceType) return undefined;
  const context = await requestWebnn(deviceType);
  if (!context) throw new TierRefused('The browser opened no WebNN context for the worker.');
  return { tier, deviceType, context };
}

/** What a model is in memory beside the runtime's own. */
export interface RealmUse {
  readonly components: { idleMemory(): MemoryUse };
  readonly adapters?: { bytes(): number; idleBytes(): number };
  /** Bytes of weights in graphs of WebNN. */
  readonly webnnBytes?: number;
}

/** What a model takes, and what of it nobody uses now. */
export function memoryOf({ runtime, owned, webnn }: Realm, use: RealmUse): MemoryUse {
  const { components, adapters, webnnBytes = 0 } = use;
  const heapBytes = runtime.heapBytes();
  if (webnn) return heldBy(webnn.tier, webnnBytes, heapBytes);
  if (!owned) return { gpuBytes: 0, cpuBytes: heapBytes + (adapters?.bytes() ?? 0) };
  const idleGpuBytes = components.idleMemory().gpuBytes + (adapters?.idleBytes() ?? 0);
  return { gpuBytes: owned.bytes(), cpuBytes: heapBytes, peakGpuBytes: owned.peakBytes(), idleGpuBytes };
}
