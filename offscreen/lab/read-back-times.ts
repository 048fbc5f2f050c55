import { openDevice, requestAdapter } from '../device/gpu-device.ts';
import { kickWhile, measureReadBack } from '../device/read-back.ts';

/** Milliseconds of single read-backs, with and without the remedy for browsers that poll. */
export interface ReadBackTimes {
  readonly adapter: string;
  readonly plainMs: readonly number[];
  readonly kickedMs: readonly number[];
}

/** Measures both ways in turns on a device of its own. */
export async function measureReadBackTimes(rounds: number): Promise<ReadBackTimes> {
  const adapter = await requestAdapter();
  if (!adapter) throw new Error('No graphics adapter answered.');
  const { device, adapterName } = await openDevice(adapter);
  const plainMs: number[] = [];
  const kickedMs: number[] = [];
  // The first one also starts things up.
  await measureReadBack(device);
  for (let round = 0; round < rounds; round += 1) {
    plainMs.push(await measureReadBack(device));
    kickedMs.push(await measureReadBack(device, (work) => kickWhile(device, work)));
  }
  device.destroy();
  return { adapter: adapterName, plainMs, kickedMs };
}
