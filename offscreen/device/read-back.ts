import { nextMacrotask } from '../../src/shared/macrotask.ts';

/** Runs work that waits for the device, with whatever this browser needs to answer promptly. */
export type ReadBack = <T>(work: () => Promise<T>) => Promise<T>;

/** Browsers that look for finished work on a timer take 100 ms for this; others well under one. */
const SLOW_READ_BACK_MS = 20;
const PROBE_BYTES = 16;

/** GPUBufferUsage and GPUMapMode of the WebGPU specification; the DOM library of the compiler has no such constants. */
const MAP_READ = 0x0001;
const COPY_DST = 0x0008;
const MAP_MODE_READ = 0x0001;

/**
 * Measures once how long an empty read-back takes. Where it is slow, `queue.submit([])` is called again and again
 * while work is pending, which makes such browsers look at once.
 */
export async function createReadBack(device: GPUDevice): Promise<ReadBack> {
  // The first read-back of a device also starts things up; the second one is what every later one costs.
  await measureReadBack(device);
  const slow = (await measureReadBack(device)) > SLOW_READ_BACK_MS;
  return slow ? (work) => kickWhile(device, work) : (work) => work();
}

/** Milliseconds between asking for a few bytes of the device and having them. */
export async function measureReadBack(device: GPUDevice, around: ReadBack = (work) => work()): Promise<number> {
  const buffer = device.createBuffer({ size: PROBE_BYTES, usage: MAP_READ | COPY_DST });
  try {
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(buffer);
    device.queue.submit([encoder.finish()]);
    await around(() => buffer.mapAsync(MAP_MODE_READ));
    return performance.now() - start;
  } finally {
    buffer.destroy();
  }
}

/**
 * Calls `queue.submit([])` again and again until `work` is done. The next call waits until the browser has taken the last
 * one, as an error scope tells at once: while the device compiles for seconds, calls that nobody waits for would pile up in
 * front of all further work.
 */
export async function kickWhile<T>(device: GPUDevice, work: () => Promise<T>): Promise<T> {
  let pending = true;
  const kick = async () => {
    while (pending) {
      device.queue.submit([]);
      device.pushErrorScope('validation');
      await device.popErrorScope();
      // A device that was lost answers on the spot; everything else must get its turn all the same.
      await nextMacrotask();
    }
  };
  // What is wrong with the device shows in the work.
  kick().catch(() => {});
  try {
    return await work();
  } finally {
    pending = false;
  }
}
