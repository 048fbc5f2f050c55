import { describeAdapter, requestAdapter } from './gpu-device.ts';
import { probeWasm, type WasmFeatures } from './wasm-features.ts';
import { probeWebnn, type WebnnDevice } from './webnn.ts';

/** What this browser offers, found by really asking for it. */
export interface Capabilities {
  /** What models can run on, best first; empty where nothing can. */
  readonly tiers: readonly ('webgpu' | 'webnn' | 'wasm')[];
  /** Vendor and architecture of the adapter that answered; absent where none did. */
  readonly adapter?: string;
  readonly gpu?: {
    /** Whether the adapter computes on the processor: real WebGPU, but slower than WebAssembly. */
    readonly software: boolean;
    readonly features: readonly string[];
    readonly maxBufferBytes: number;
    readonly maxStorageBindingBytes: number;
  };
  /** Kinds of device that WebNN opened a context on; absent where there are none. */
  readonly webnn?: readonly WebnnDevice[];
  readonly wasm: WasmFeatures;
  readonly processors: number;
}

export async function probeCapabilities(): Promise<Capabilities> {
  const [adapter, webnn] = await Promise.all([requestAdapter(), probeWebnn()]);
  const wasm = probeWasm();
  return {
    tiers: wasm.simd
      ? [...(adapter ? (['webgpu'] as const) : []), ...(webnn.length > 0 ? (['webnn'] as const) : []), 'wasm']
      : [],
    ...(webnn.length > 0 && { webnn }),
    ...(adapter && {
      adapter: describeAdapter(adapter),
      gpu: {
        software: adapter.info.isFallbackAdapter === true,
        features: [...adapter.features].sort(),
        maxBufferBytes: adapter.limits.maxBufferSize,
        maxStorageBindingBytes: adapter.limits.maxStorageBufferBindingSize,
      },
    }),
    wasm,
    processors: globalThis.navigator?.hardwareConcurrency ?? 1,
  };
}
