/** A module whose one function uses the 128-bit instruction i32x4.splat: valid only where SIMD is. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0], // magic, version
  ...[1, 4, 1, 96, 0, 0], // type section: () -> ()
  ...[3, 2, 1, 0], // one function of it
  ...[10, 9, 1, 7, 0, 65, 0, 253, 17, 26, 11], // i32.const 0, i32x4.splat, drop
);

/** A module that imports a shared memory: valid only where threads are. */
const SHARED_MEMORY_MODULE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[5, 4, 1, 3, 1, 1], // memory section: shared, one page at least and at most
);

export interface WasmFeatures {
  readonly simd: boolean;
  /** Shared memory exists and this context may use it for threads. */
  readonly threads: boolean;
  /** JavaScript Promise Integration: WebAssembly can wait for a promise. */
  readonly jspi: boolean;
}

/** What this context's WebAssembly can do, found by compiling. */
export function probeWasm(): WasmFeatures {
  const available = typeof WebAssembly === 'object';
  return {
    simd: available && WebAssembly.validate(SIMD_MODULE),
    threads: available && WebAssembly.validate(SHARED_MEMORY_MODULE) && globalThis.crossOriginIsolated === true,
    jspi: available && 'Suspending' in WebAssembly,
  };
}
