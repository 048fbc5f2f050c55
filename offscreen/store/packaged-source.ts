import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import { ECHO_MANIFEST } from './echo-manifest.ts';
import type { FileAccess, ModelFiles, ModelManifest, ModelSource } from './manifest.ts';
import { PackagedIndex } from './manifest-schema.ts';

interface PackagedModel {
  readonly manifest: ModelManifest;
  readonly access: ReadonlyMap<string, FileAccess>;
}

/**
 * The models that were built into the package, found in `models/index.json` below `assetBase`, and the echo. The index
 * is read once, at the first question.
 */
export function createPackagedSource(assetBase: URL): ModelSource {
  let models: Promise<readonly PackagedModel[]> | undefined;
  const list = () => {
    models ??= readIndex(new URL('models/index.json', assetBase)).catch((error) => {
      models = undefined;
      throw error;
    });
    return models;
  };
  const find = async (name: string) => (await list()).find(({ manifest }) => manifest.card.name === name);
  return {
    list: async () => (await list()).map(({ manifest }) => manifest),
    resolve: async (name) => (await find(name))?.manifest,
    open(manifest): ModelFiles {
      return {
        async open(path) {
          const access = (await find(manifest.card.name))?.access.get(path);
          if (!access) throw new WebplatError('model-corrupt', undefined, { reason: `The model has no ${path}.` });
          return access;
        },
        // Such files come whole, and are compared with their hash by whoever reads them.
        chunk: () => Promise.resolve(),
        checked: () => Promise.resolve(),
      };
    },
  };
}

async function readIndex(url: URL): Promise<readonly PackagedModel[]> {
  const response = await fetch(url);
  if (!response.ok) throw new WebplatError('model-corrupt', 'The list of packaged models is missing.');
  const index = v.safeParse(PackagedIndex, await response.json().catch(() => undefined));
  if (!index.success) throw new WebplatError('model-corrupt', 'The list of packaged models is damaged.');
  const packaged = index.output.map(({ files, ...manifest }): PackagedModel => {
    const access = files.map(({ path, bytes, sha256, url: relative }): [string, FileAccess] => [
      path,
      { kind: 'url', bytes, sha256, url: new URL(relative, url).href },
    ]);
    return {
      manifest: { ...manifest, files: files.map(({ path, bytes }) => ({ path, bytes })) },
      access: new Map(access),
    };
  });
  return [...packaged, { manifest: ECHO_MANIFEST, access: new Map() }];
}
