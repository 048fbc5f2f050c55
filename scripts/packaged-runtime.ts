import { cp, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Plugin } from 'vite';

const BUILDS = ['jspi', 'asyncify', ''] as const;

/** File names of the runtime's loaders and modules, in the order in which the tiers are tried. */
export const RUNTIME_FILES = BUILDS.flatMap((build) => {
  const stem = build ? `ort-wasm-simd-threaded.${build}` : 'ort-wasm-simd-threaded';
  return [`${stem}.mjs`, `${stem}.wasm`];
});

/** Ours, which wraps one of the runtime's loaders and has to lie beside it. */
const LOADER = path.resolve(import.meta.dirname, '../offscreen/engines/ort/provider-options.mjs');

/** Copies onnxruntime-web's loaders and WebAssembly into `ort/` of the output: nothing is fetched from elsewhere. */
export function packagedRuntime(): Plugin {
  const source = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
  return {
    name: 'webplat:packaged-runtime',
    async writeBundle(options) {
      const target = path.join(options.dir ?? 'dist', 'ort');
      await mkdir(target, { recursive: true });
      await Promise.all([
        ...RUNTIME_FILES.map((file) => cp(path.join(source, file), path.join(target, file))),
        cp(LOADER, path.join(target, path.basename(LOADER))),
      ]);
    },
  };
}
