import { createMutex } from '../../../src/shared/mutex.ts';
import { type OwnedDevice, openDevice, requestAdapter } from '../../device/gpu-device.ts';
import { createReadBack } from '../../device/read-back.ts';
import type { MemoryUse } from '../engine.ts';
import type { RunSetting } from './graph-runner.ts';
import { loadRuntime, type Runtime } from './runtime.ts';
import { refuseOnError, TierRefused } from './start-component.ts';
import type { Tier } from './tiers.ts';

/** What everything of one worker runs on. */
export interface Realm {
  readonly runtime: Runtime;
  /** Absent where the processor computes. */
  readonly owned: OwnedDevice | undefined;
  readonly setting: RunSetting;
}

/** @throws {@link TierRefused} */
export async function openRealm(tier: Tier, assetBase: URL): Promise<Realm> {
  const runtime = await refuseOnError(loadRuntime(tier, assetBase));
  const owned = tier === 'wasm' ? undefined : await refuseOnError(openOwnDevice());
  const setting: RunSetting = {
    ort: runtime.ort,
    mutex: createMutex(),
    readBack: owned ? await createReadBack(owned.device) : (work) => work(),
    diagnose: async () => owned?.diagnose(),
  };
  return { runtime, owned, setting };
}

async function openOwnDevice(): Promise<OwnedDevice> {
  const adapter = await requestAdapter();
  if (!adapter) throw new TierRefused('No graphics adapter answered the worker.');
  return openDevice(adapter);
}

/** What a model takes, and what of it nobody uses now. */
export const memoryOf = ({ runtime, owned }: Realm, components: { idleMemory(): MemoryUse }): MemoryUse => ({
  gpuBytes: owned?.bytes() ?? 0,
  cpuBytes: runtime.heapBytes(),
  ...(owned && { peakGpuBytes: owned.peakBytes(), idleGpuBytes: components.idleMemory().gpuBytes }),
});
