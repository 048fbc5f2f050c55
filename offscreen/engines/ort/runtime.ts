import type { Env, InferenceSession, Tensor, TensorConstructor, TensorFactory } from 'onnxruntime-common';
import { holdStreams } from '../../../src/shared/held-streams.ts';
import type { OwnedDevice } from '../../device/gpu-device.ts';
import type { WebnnContext, WebnnDevice } from '../../device/webnn.ts';
import type { Artifact } from '../../store/artifacts.ts';
import { FileBytes } from './file-bytes.ts';
import type { Sizes } from './fixed-sizes.ts';
import { listenToRuntime, type RuntimeLog } from './runtime-log.ts';
import { type Tier, webnnDeviceOf } from './tiers.ts';

/** The part of onnxruntime-web that is used; the same in each of its builds. */
export interface OrtModule {
  readonly env: Env;
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor & TensorFactory;
}

/** A build of the runtime, loaded and configured. */
export interface Runtime {
  readonly ort: OrtModule;
  /** Bytes of the WebAssembly memories it made; they only ever grow. */
  heapBytes(): number;
  /** What it writes, where that is listened to. */
  readonly log?: RuntimeLog;
}

/** Builds that the package has; the first one has WebNN as well. */
type Build = 'jspi' | 'asyncify' | 'wasm';

const buildOf = (tier: Tier): Build => (tier === 'asyncify' || tier === 'wasm' ? tier : 'jspi');

const BUILDS: Record<Build, () => Promise<OrtModule>> = {
  jspi: () => import('onnxruntime-web/jspi'),
  asyncify: () => import('onnxruntime-web/webgpu'),
  wasm: () => import('onnxruntime-web/wasm'),
};

const STEMS: Record<Build, string> = {
  jspi: 'ort-wasm-simd-threaded.jspi',
  asyncify: 'ort-wasm-simd-threaded.asyncify',
  wasm: 'ort-wasm-simd-threaded',
};

/** More threads than this share a memory bus that is already full. */
const MOST_THREADS = 4;

/** Loads the build of `tier` from the package; nothing is fetched from elsewhere. */
export async function loadRuntime(tier: Tier, assetBase: URL): Promise<Runtime> {
  const heapBytes = meterMemories();
  const log = webnnDeviceOf(tier) && listenToRuntime();
  const build = buildOf(tier);
  const ort = await BUILDS[build]();
  const file = (suffix: string) => new URL(`ort/${STEMS[build]}.${suffix}`, assetBase).href;
  const loader = build === 'jspi' ? new URL('ort/provider-options.mjs', assetBase).href : file('mjs');
  ort.env.wasm.wasmPaths = { mjs: loader, wasm: file('wasm') };
  ort.env.wasm.numThreads = threadsFor(tier);
  ort.env.logLevel = 'error';
  return { ort, heapBytes, ...(log && { log }) };
}

function threadsFor(tier: Tier): number {
  if (tier !== 'wasm' || !globalThis.crossOriginIsolated) return 1;
  return Math.max(1, Math.min(MOST_THREADS, navigator.hardwareConcurrency));
}

/** Counts WebAssembly memories by watching them being made: the runtime does not tell how much it has. */
export function meterMemories(): () => number {
  const memories: WebAssembly.Memory[] = [];
  WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
    construct(target, [descriptor]) {
      const memory = new target(descriptor);
      memories.push(memory);
      return memory;
    },
  });
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

export interface SessionSetup {
  /** The device that the session runs on, and the pace at which it takes weights; the processor, if left out. */
  readonly owned?: Pick<OwnedDevice, 'device' | 'paceWrites'>;
  /** WebNN in place of it, for exactly these sizes of the graph's named dimensions. */
  readonly webnn?: { readonly context: WebnnContext; readonly deviceType: WebnnDevice; readonly sizes: Sizes };
  /** Outputs that stay on the device. */
  readonly onDevice?: readonly string[];
  /** Bits of the runtime's packed caches of keys and values. */
  readonly cacheBits?: 8;
}

/** Opens a session on `artifact`. No more than one weight of it is ever in memory outside the runtime's own. */
export async function createSession(
  { ort }: Runtime,
  tier: Tier,
  artifact: Artifact,
  { owned, webnn, onDevice = [], cacheBits }: SessionSetup,
): Promise<InferenceSession> {
  const held = holdStreams(
    artifact.parts.map(({ data }) => data),
    owned?.paceWrites,
  );
  // The promise-integration build reads blobs by itself; the others read memory, and are given what looks like it.
  const externalData = artifact.parts.map(({ file, data }, at) => ({
    path: file,
    data: buildOf(tier) === 'jspi' ? (held.blobs[at] ?? data) : new FileBytes(data),
  }));
  setProviderOptions(cacheBits ? { kvCacheQuantizationBits: String(cacheBits) } : {});
  try {
    return await ort.InferenceSession.create(artifact.model, {
      executionProviders: [providerOf(owned?.device, webnn)],
      ...(webnn && { freeDimensionOverrides: webnn.sizes }),
      externalData,
      graphOptimizationLevel: 'all',
      // Warnings tell which small integer operators run on the processor, which is as it should be; what WebNN took is information.
      logSeverityLevel: webnn ? 1 : 3,
      preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, 'gpu-buffer'])),
    });
  } finally {
    held.release();
  }
}

function providerOf(
  device: GPUDevice | undefined,
  webnn: SessionSetup['webnn'],
): InferenceSession.ExecutionProviderConfig {
  if (device) return { name: 'webgpu', device, storageBufferCacheMode: 'simple' } as never;
  if (webnn) return { name: 'webnn', deviceType: webnn.deviceType, context: webnn.context } as never;
  return 'wasm';
}

/** Options of the WebGPU provider that the runtime's JavaScript does not know; `ort/provider-options.mjs` passes them on. */
function setProviderOptions(options: Readonly<Record<string, string>>): void {
  (globalThis as { webplatProviderOptions?: Readonly<Record<string, string>> }).webplatProviderOptions = options;
}

export type { InferenceSession, Tensor };
