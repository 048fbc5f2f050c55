import { describe, expect, it, vi } from 'vitest';
import { nextMacrotask } from '../../src/shared/macrotask.ts';
import { deferred } from '../../test/support/fake-engine.ts';
import { probeCapabilities } from './capabilities.ts';
import { openDevice } from './gpu-device.ts';
import { kickWhile } from './read-back.ts';
import { probeWasm } from './wasm-features.ts';

describe('WebAssembly probe', () => {
  it('finds SIMD and shared memory by compiling', () => {
    expect(probeWasm()).toMatchObject({ simd: true, threads: false, jspi: false });
    vi.stubGlobal('crossOriginIsolated', true);
    expect(probeWasm().threads).toBe(true);
    vi.unstubAllGlobals();
  });

  it('reports what is not there', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(probeWasm()).toEqual({ simd: false, threads: false, jspi: false });
    vi.unstubAllGlobals();
  });
});

describe('capabilities', () => {
  it('names no adapter where none answers, though the property exists', async () => {
    vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => null }, hardwareConcurrency: 3 });
    const capabilities = await probeCapabilities();
    expect(capabilities).toMatchObject({ processors: 3, tiers: ['wasm'] });
    expect(capabilities).not.toHaveProperty('adapter');
    vi.unstubAllGlobals();
  });
});

describe('device', () => {
  class Limits {
    get maxBufferSize() {
      return 99;
    }
  }
  Object.defineProperty(Limits.prototype, 'maxBufferSize', { enumerable: true });

  function makeAdapter({ record = true } = {}) {
    const asked: GPUDeviceDescriptor[] = [];
    const made: object[] = [];
    const writes: number[][] = [];
    const waits: ReturnType<typeof deferred>[] = [];
    let lose = (_reason: string) => {};
    let fail = () => {};
    const device = {
      addEventListener: (_type: string, listener: (event: { error: object }) => void) => {
        fail = () => listener({ error: {} });
      },
      createBuffer: (descriptor: GPUBufferDescriptor) => {
        const buffer = { ...descriptor, unmapped: false, destroyed: false };
        made.push(buffer);
        const { size } = descriptor;
        return {
          size,
          unmap: () => Object.assign(buffer, { unmapped: true }),
          destroy: () => Object.assign(buffer, { destroyed: true }),
        };
      },
      queue: {
        writeBuffer: (_buffer: object, at: number, data: Uint8Array, from: number, size: number) =>
          record && writes.push([at, ...data.subarray(from, from + size)]),
        submit: () => record && writes.push([]),
        onSubmittedWorkDone: () => {
          waits.push(deferred());
          return waits.at(-1)?.promise;
        },
      },
      lost: new Promise((resolve) => {
        lose = resolve;
      }),
    };
    const adapter = {
      limits: new Limits(),
      features: new Set(['shader-f16', 'depth-clip-control']),
      info: { vendor: 'acme', architecture: '' },
      requestDevice: async (descriptor: GPUDeviceDescriptor) => {
        asked.push(descriptor);
        return device;
      },
    };
    return {
      adapter: adapter as unknown as GPUAdapter,
      asked,
      made,
      writes,
      waits,
      lose: () => lose('unknown'),
      fail: () => fail(),
    };
  }

  it('asks for all limits and for the features it can use', async () => {
    const { adapter, asked } = makeAdapter();
    expect((await openDevice(adapter)).adapterName).toBe('acme');
    expect(asked).toEqual([{ requiredFeatures: ['shader-f16'], requiredLimits: { maxBufferSize: 99 } }]);
  });

  it.each([
    [4, []],
    [8, ['subgroups']],
  ])('uses subgroups of at least %d invocations: %j', async (subgroupMinSize, requiredFeatures) => {
    const { adapter, asked } = makeAdapter();
    const features = new Set(['subgroups']);
    await openDevice({
      ...adapter,
      features,
      info: { ...adapter.info, subgroupMinSize },
    } as unknown as GPUAdapter);
    expect(asked[0]?.requiredFeatures).toEqual(requiredFeatures);
  });

  it('counts the bytes of its buffers, once each', async () => {
    const { device, bytes, peakBytes } = await openDevice(makeAdapter().adapter);
    const buffer = device.createBuffer({ size: 10, usage: 0 });
    device.createBuffer({ size: 5, usage: 0 });
    expect(bytes()).toBe(15);
    buffer.destroy();
    buffer.destroy();
    expect(bytes()).toBe(5);
    expect(peakBytes()).toBe(15);
  });

  it('hands large writes on in pieces, none of them missing', async () => {
    const { adapter, writes } = makeAdapter();
    const { device } = await openDevice(adapter);
    const bytes = new Uint8Array(2 ** 21 + 3).fill(7);
    device.queue.writeBuffer(device.createBuffer({ size: 2 ** 21 + 8, usage: 0 }), 4, bytes, 1);
    const pieces = writes.filter((piece) => piece.length > 0);
    expect(pieces.map(([at]) => at)).toEqual([4, 4 + 2 ** 20, 4 + 2 ** 21]);
    expect(pieces.map((piece) => piece.length - 1)).toEqual([2 ** 20, 2 ** 20, 2]);
    expect(writes.length - pieces.length).toBe(3);
  });

  it('makes who writes much wait until it is carried out, once', async () => {
    const { adapter, waits } = makeAdapter({ record: false });
    const { device, paceWrites } = await openDevice(adapter);
    const buffer = device.createBuffer({ size: 2 ** 25, usage: 0 });
    const write = (bytes: number) => device.queue.writeBuffer(buffer, 0, new Uint8Array(bytes));
    write(2 ** 22 - 1);
    await paceWrites();
    expect(waits).toHaveLength(0);
    write(1);
    let went = false;
    const waiting = paceWrites().then(() => {
      went = true;
    });
    await nextMacrotask();
    expect([waits.length, went]).toEqual([1, false]);
    waits[0]?.resolve(undefined);
    await waiting;
    await paceWrites();
    expect(waits).toHaveLength(1);
    device.createBuffer({ size: 2 ** 25, usage: 0 });
    await paceWrites();
    expect(waits).toHaveLength(1);
    device.createBuffer({ size: 2 ** 22, usage: 0, mappedAtCreation: true });
    void paceWrites();
    expect(waits).toHaveLength(2);
  });

  it('makes room for the largest weight, and keeps nothing of it', async () => {
    const { adapter, made } = makeAdapter();
    const { bytes, peakBytes, reserveStaging } = await openDevice(adapter);
    reserveStaging(2 ** 22);
    expect(made).toEqual([]);
    reserveStaging(2 ** 22 + 1);
    const size = 2 ** 22 + 16;
    expect(made).toEqual([{ size, usage: 6, mappedAtCreation: true, unmapped: true, destroyed: true }]);
    expect(bytes()).toBe(0);
    expect(peakBytes()).toBe(size);
  });

  it('turns its loss into a typed error', async () => {
    const { adapter, lose } = makeAdapter();
    const { broken } = await openDevice(adapter);
    lose();
    expect(await broken).toMatchObject({ code: 'device-lost', retryable: true });
  });

  it('is not trusted after an error that nobody was watching for', async () => {
    const { adapter, fail } = makeAdapter();
    const { broken } = await openDevice(adapter);
    fail();
    expect(await broken).toMatchObject({ code: 'engine-failed', retryable: true });
  });
});

describe('read-back', () => {
  function makePromise() {
    let resolve = () => {};
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    return { promise, resolve: () => resolve() };
  }

  /** A device that takes what is submitted when `take` is called. */
  function makeDevice() {
    const untaken: (() => void)[] = [];
    let kicks = 0;
    const device = {
      queue: {
        submit: () => {
          kicks += 1;
        },
      },
      pushErrorScope: () => {},
      popErrorScope: () => new Promise<null>((resolve) => untaken.push(() => resolve(null))),
    };
    return {
      device: device as unknown as GPUDevice,
      kicks: () => kicks,
      async take() {
        untaken.shift()?.();
        await nextMacrotask();
        await nextMacrotask();
      },
    };
  }

  it('kicks the queue until the work is done, and no longer', async () => {
    const { device, kicks, take } = makeDevice();
    const { promise, resolve } = makePromise();
    const work = kickWhile(device, () => promise);
    await take();
    await take();
    expect(kicks()).toBe(3);
    resolve();
    await work;
    await take();
    expect(kicks()).toBe(3);
  });

  it('does not kick again before the device has taken the last kick', async () => {
    const { device, kicks, take } = makeDevice();
    const { promise, resolve } = makePromise();
    const work = kickWhile(device, () => promise);
    for (let turn = 0; turn < 20; turn += 1) await nextMacrotask();
    expect(kicks()).toBe(1);
    resolve();
    await work;
    await take();
  });

  it('stops when the work fails', async () => {
    const { device, kicks, take } = makeDevice();
    await expect(kickWhile(device, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    await take();
    expect(kicks()).toBe(1);
  });
});
