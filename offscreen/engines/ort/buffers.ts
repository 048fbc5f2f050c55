import { WebplatError } from '../../../src/protocol/errors.ts';

/** GPUBufferUsage of the WebGPU specification: STORAGE, COPY_SRC and COPY_DST. */
export const CACHE_USAGE = 0x0080 | 0x0004 | 0x0008;

/** Makes `count` buffers alike, all or none. @throws WebplatError `out-of-memory` */
export async function makeBuffers(
  device: GPUDevice,
  count: number,
  { size, usage }: { readonly size: number; readonly usage: number },
): Promise<readonly GPUBuffer[]> {
  device.pushErrorScope('out-of-memory');
  const buffers = Array.from({ length: count }, () => device.createBuffer({ size, usage }));
  if (await device.popErrorScope()) {
    for (const buffer of buffers) buffer.destroy();
    throw new WebplatError('out-of-memory', undefined, { requested: size * count });
  }
  return buffers;
}
