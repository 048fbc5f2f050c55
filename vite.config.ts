import { crx, type ManifestV3Export } from '@crxjs/vite-plugin';
import { defineConfig } from 'vite';
import manifest from './manifest.json' with { type: 'json' };
import { packagedModels } from './scripts/packaged-models.ts';
import { packagedRuntime } from './scripts/packaged-runtime.ts';

/**
 * `vite build` makes the extension in `dist/`. `vite build --mode lab` makes `dist-lab/`, where the same host runs as a
 * plain page without any extension API.
 */
export default defineConfig(({ mode }) => {
  const lab = mode === 'lab';
  return {
    base: lab ? './' : '/',
    publicDir: false,
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser'] },
    plugins: [...(lab ? [] : [crx({ manifest: manifest as ManifestV3Export })]), packagedModels(), packagedRuntime()],
    worker: { format: 'es' },
    build: {
      outDir: lab ? 'dist-lab' : 'dist',
      emptyOutDir: true,
      target: 'chrome137',
      // Readable output: reviewers of the extension stores, and of this project, see what runs.
      minify: false,
      modulePreload: false,
      rolldownOptions: {
        input: lab
          ? { lab: 'offscreen/lab/index.html' }
          : { offscreen: 'offscreen/index.html', bridge: 'content/bridge.html', prompt: 'src/ui/prompt/index.html' },
      },
    },
  };
});
