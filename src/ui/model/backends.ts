import type { Backend } from '../../protocol/scalars.ts';

/** What computed, for people. */
export const BACKEND_WORDS: Readonly<Record<Backend, string>> = {
  REAL_WEBGPU: 'Graphics device (WebGPU)',
  REAL_WEBNN: 'WebNN',
  PARTLY_WEBNN: 'WebNN and processor',
  REAL_WASM: 'Processor (WebAssembly)',
  ECHO: 'No model (echo)',
};
