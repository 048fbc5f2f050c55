import { WebplatError } from '../../src/protocol/errors.ts';
import { sha256 } from './digest.ts';
import type { ModelManifest } from './manifest.ts';

/**
 * The content of one file of a model, checked against its manifest.
 *
 * @throws WebplatError `model-corrupt` when it is missing, cut short or altered.
 */
export async function readModelFile(
  manifest: ModelManifest,
  path: string,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const corrupt = (reason: string) => new WebplatError('model-corrupt', undefined, { reason });
  const file = manifest.files.find((candidate) => candidate.path === path);
  if (!file) throw corrupt(`The model has no ${path}.`);
  const response = await fetch(file.url, { signal }).catch((error) => {
    signal.throwIfAborted();
    throw corrupt(`${path} cannot be read (${error instanceof Error ? error.name : 'error'}).`);
  });
  if (!response.ok) throw corrupt(`${path} cannot be read.`);
  const content = new Uint8Array(await response.arrayBuffer());
  if (content.byteLength !== file.bytes) throw corrupt(`${path} has ${content.byteLength} of ${file.bytes} bytes.`);
  if ((await sha256(content)) !== file.sha256) throw corrupt(`${path} is not what was packaged.`);
  return content;
}

/** The same for a JSON file; undefined when the model does not have it. */
export async function readModelJson(manifest: ModelManifest, path: string, signal: AbortSignal): Promise<unknown> {
  if (!manifest.files.some((file) => file.path === path)) return undefined;
  const content = await readModelFile(manifest, path, signal);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    throw new WebplatError('model-corrupt', undefined, { reason: `${path} is not JSON.` });
  }
}
