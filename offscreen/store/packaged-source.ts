import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import { ECHO_MANIFEST } from './echo-manifest.ts';
import type { ModelManifest, ModelSource } from './manifest.ts';
import { PackagedIndex } from './manifest-schema.ts';

/**
 * The models that were built into the package, found in `models/index.json` below `assetBase`, and the echo. The index
 * is read once, at the first question.
 */
export function createPackagedSource(assetBase: URL): ModelSource {
  let manifests: Promise<readonly ModelManifest[]> | undefined;
  const list = () => {
    manifests ??= readIndex(new URL('models/index.json', assetBase)).catch((error) => {
      manifests = undefined;
      throw error;
    });
    return manifests;
  };
  return {
    list,
    resolve: async (name) => (await list()).find(({ card }) => card.name === name),
  };
}

async function readIndex(url: URL): Promise<readonly ModelManifest[]> {
  const response = await fetch(url);
  if (!response.ok) throw new WebplatError('model-corrupt', 'The list of packaged models is missing.');
  const index = v.safeParse(PackagedIndex, await response.json().catch(() => undefined));
  if (!index.success) throw new WebplatError('model-corrupt', 'The list of packaged models is damaged.');
  const absolute = index.output.map((manifest) => ({
    ...manifest,
    files: manifest.files.map((file) => ({ ...file, url: new URL(file.url, url).href })),
  }));
  return [...absolute, ECHO_MANIFEST];
}
