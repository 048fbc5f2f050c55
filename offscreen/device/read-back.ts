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
  return slow ? (work) => kickWhile(device.queue, work) : (work) => work();
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

/** Calls `queue.submit([])` once an event loop turn until `work` is done; messages are not throttled as timers are. */
export async function kickWhile<T>(queue: GPUQueue, work: () => Promise<T>): Promise<T> {
  const { port1, port2 } = new MessageChannel();
  let pending = true;
  port1.onmessage = () => {
    if (!pending) return;
    queue.submit([]);
    port2.postMessage(undefined);
  };
  port2.postMessage(undefined);
  try {
    return await work();
  } finally {
    pending = false;
    port1.close();
  }
}
