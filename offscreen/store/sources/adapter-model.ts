import { WebplatError } from '../../../src/protocol/errors.ts';
import { ADAPTER_CONFIG, ADAPTER_FOLDER, ADAPTER_WEIGHTS, isAdapterFile } from '../../../src/protocol/model-files.ts';
import { type ParsedModelName, parseModelName } from '../../../src/protocol/model-name.ts';
import { parseAdapterConfig } from '../../checkpoint/adapter-config.ts';
import type { RemoteFile, RemoteModel } from './remote-model.ts';

type Named = { readonly path: string };

/** Whether files are those of an adapter without the model that it changes. */
export function isBareAdapter(files: readonly Named[]): boolean {
  const has = (path: string) => files.some((file) => file.path === path);
  const isWhole = files.some(({ path }) => /^model.*\.safetensors$|\.onnx$/.test(path));
  return !isWhole && has(ADAPTER_WEIGHTS) && has(ADAPTER_CONFIG);
}

/** Files of a model that are not those of an adapter which changes it. */
export const baseFiles = <File extends Named>(files: readonly File[]): File[] =>
  files.filter(({ path }) => !path.startsWith(ADAPTER_FOLDER));

/** The name of the model that an adapter changes: a repository of a hub, as training programs write it. */
export function baseOf(config: unknown): { readonly name: string; readonly parsed: ParsedModelName } {
  const { base, revision } = parseAdapterConfig(config);
  const name = `hf:${base ?? ''}${revision === undefined ? '' : `@${revision}`}`;
  const parsed = parseModelName(name);
  if (parsed) return { name, parsed };
  const reason = `The adapter is for ${JSON.stringify(base ?? null).slice(0, 128)}, which is no repository of a hub.`;
  throw new WebplatError('model-unsupported', undefined, { reason });
}

/** An adapter together with the model that it changes: its own files lie in a folder of their own. */
export function withBase(adapter: RemoteModel, base: RemoteModel & { readonly base: string }): RemoteModel {
  const own = adapter.files
    .filter(({ path }) => isAdapterFile(path))
    .map((file): RemoteFile => ({ ...file, path: `${ADAPTER_FOLDER}${file.path}` }));
  return { ...adapter, base: base.base, files: [...baseFiles(base.files), ...own] };
}
