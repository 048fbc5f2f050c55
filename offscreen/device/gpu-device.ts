import { WebplatError } from '../../src/protocol/errors.ts';
import { measureReadBack } from './read-back.ts';

/** Features that the runtime makes use of where an adapter has them. */
const WANTED_FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/**
 * The runtime's attention kernel for prompts divides its work among at least eight invocations of a subgroup. Where
 * subgroups can be smaller it gives wrong numbers without an error, so such devices are opened without them.
 */
const SMALLEST_SUBGROUP = 8;

/** A device of our own, and what is known of the adapter behind it. */
export interface OwnedDevice {
  readonly device: GPUDevice;
  /** Vendor and architecture, e.g. `google swiftshader`. */
  readonly adapterName: string;
  /** Bytes of the buffers that exist on it, whoever made them. */
  bytes(): number;
  /** The most that they ever were. */
  peakBytes(): number;
  /** Waits until what is staged for buffers is on the device, where that is much: it takes memory beside what it is for. */
  paceWrites(): Promise<void>;
  /**
   * To be called with the size of the largest weight before any is written. Chromium makes more memory for staging whenever
   * one does not fit into what there is, and smaller ones fit into what the largest takes. Small ones are not worth it.
   */
  reserveStaging(bytes: number): void;
  /** Settles when the device cannot be trusted any more: it was lost, or an operation failed that nobody was watching. */
  readonly broken: Promise<WebplatError>;
  /** Why work on it failed: the loss of the device, which work may notice first, or undefined when it still answers. */
  diagnose(): Promise<WebplatError | undefined>;
}

/** The adapter, really requested: `navigator.gpu` exists where no adapter answers. */
export async function requestAdapter(): Promise<GPUAdapter | undefined> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  return (await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)) ?? undefined;
}

export function describeAdapter({ info }: GPUAdapter): string {
  return [info.vendor, info.architecture].filter(Boolean).join(' ').slice(0, 128) || 'unnamed adapter';
}

/** Opens a device with everything the adapter allows: limits that are not asked for are the small defaults. */
export async function openDevice(adapter: GPUAdapter): Promise<OwnedDevice> {
  const device = await adapter.requestDevice({
    requiredFeatures: usableFeatures(adapter),
    requiredLimits: maximumLimits(adapter),
  });
  splitWrites(device);
  const lost = device.lost.then(() => new WebplatError('device-lost'));
  return {
    device,
    adapterName: describeAdapter(adapter),
    ...meterBuffers(device),
    ...meterStaging(device),
    broken: Promise.race([lost, firstUncapturedError(device)]),
    diagnose: () =>
      measureReadBack(device).then(
        () => undefined,
        () => lost,
      ),
  };
}

/**
 * WebGPU does not stop at an error: what depends on the failed operation computes with whatever is there. The first error
 * that no error scope took makes every later number doubtful.
 */
function firstUncapturedError(device: GPUDevice): Promise<WebplatError> {
  return new Promise((resolve) => {
    const listen = ({ error }: GPUUncapturedErrorEvent) => {
      const outOfMemory = typeof GPUOutOfMemoryError === 'function' && error instanceof GPUOutOfMemoryError;
      resolve(new WebplatError(outOfMemory ? 'out-of-memory' : 'engine-failed'));
    };
    device.addEventListener('uncapturederror', listen, { once: true });
  });
}

function usableFeatures({ features, info }: GPUAdapter): GPUFeatureName[] {
  const smallSubgroups = info.subgroupMinSize < SMALLEST_SUBGROUP;
  return WANTED_FEATURES.filter((feature) => features.has(feature) && !(feature === 'subgroups' && smallSubgroups));
}

function maximumLimits({ limits }: GPUAdapter): Record<string, number> {
  const names = Object.keys(Object.getPrototypeOf(limits)).filter((name) => name !== 'constructor');
  return Object.fromEntries(
    names
      .map((name) => [name, limits[name as keyof GPUSupportedLimits]])
      .filter(([, limit]) => typeof limit === 'number'),
  );
}

/** Counts the bytes of all buffers of `device`, the runtime's included, by watching them come and go. */
function meterBuffers(device: GPUDevice): Pick<OwnedDevice, 'bytes' | 'peakBytes'> {
  let bytes = 0;
  let peakBytes = 0;
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    let alive = true;
    bytes += buffer.size;
    peakBytes = Math.max(peakBytes, bytes);
    buffer.destroy = () => {
      if (alive) bytes -= buffer.size;
      alive = false;
      destroy();
    };
    return buffer;
  };
  return { bytes: () => bytes, peakBytes: () => peakBytes };
}

/** Bytes of one write to a buffer; larger ones are cut into pieces. */
const WRITE_BYTES = 2 ** 20;

/** GPUBufferUsage of the WebGPU specification: MAP_WRITE and COPY_SRC. */
const STAGING_USAGE = 0x0002 | 0x0004;

/** Bytes that may be on their way to a device when the next weight is read. */
const STAGED_BYTES = 2 ** 22;

/**
 * Cuts large writes into pieces. Chromium stages each write in memory that it shares with its GPU process, and keeps that
 * memory for later writes: whole weights leave as much behind as the largest take (measured: 209 MiB), pieces that are
 * handed on at once use the same again.
 */
function splitWrites({ queue }: GPUDevice): void {
  const write = queue.writeBuffer.bind(queue);
  queue.writeBuffer = (buffer, bufferOffset, data, dataOffset = 0, size) => {
    if (!(data instanceof Uint8Array)) return write(buffer, bufferOffset, data, dataOffset, size);
    const bytes = data as Uint8Array<ArrayBuffer>;
    const whole = size ?? bytes.byteLength - dataOffset;
    if (whole <= WRITE_BYTES) return write(buffer, bufferOffset, bytes, dataOffset, whole);
    for (let done = 0; done < whole; done += WRITE_BYTES) {
      write(buffer, bufferOffset + done, bytes, dataOffset + done, Math.min(WRITE_BYTES, whole - done));
      queue.submit([]);
    }
  };
}

/**
 * Counts what is staged on its way to the device, by writes and in buffers that are mapped as they are made, which is how the
 * runtime uploads weights. All that is under way at one time is memory that Chromium shares with its GPU process and keeps
 * (measured: 278 MiB for 581 MiB of weights, where the device is slower than the disk).
 */
function meterStaging(device: GPUDevice): Pick<OwnedDevice, 'paceWrites' | 'reserveStaging'> {
  let staged = 0;
  const { queue } = device;
  const write = queue.writeBuffer.bind(queue);
  queue.writeBuffer = (buffer, bufferOffset, data, dataOffset, size) => {
    staged += size ?? data.byteLength;
    write(buffer, bufferOffset, data, dataOffset, size);
  };
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    if (descriptor.mappedAtCreation) staged += descriptor.size;
    return createBuffer(descriptor);
  };
  return {
    async paceWrites() {
      if (staged < STAGED_BYTES) return;
      staged = 0;
      await queue.onSubmittedWorkDone();
    },
    reserveStaging(bytes) {
      if (bytes <= STAGED_BYTES) return;
      const buffer = createBuffer({ size: 16 * Math.ceil(bytes / 16), usage: STAGING_USAGE, mappedAtCreation: true });
      buffer.unmap();
      buffer.destroy();
    },
  };
}
