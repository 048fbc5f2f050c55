import * as v from 'valibot';
import { LIMITS } from '../../../src/protocol/limits.ts';
import {
  ADAPTER_CONFIG,
  ADAPTER_WEIGHTS,
  isInnerPath,
  isRunTimeFile,
  runTimeFiles,
} from '../../../src/protocol/model-files.ts';
import { STEMS } from '../../onnx/exported.ts';
import { SUFFIXES } from '../../onnx/layout.ts';
import { faultOfStatus, SourceFault } from '../transfer/fault.ts';
import { type AllowedFetch, asFault, createSilenceGuard, PLAIN } from '../transfer/fetch-range.ts';
import { isBareAdapter } from './adapter-model.ts';
import { fetchJson } from './fetch-json.ts';
import type { RemoteFile, RemoteModel } from './remote-model.ts';

/** A list of its files that a folder may have, so that their content can be checked. */
const LIST = 'webplat-model.json';

const FolderList = v.object({
  licence: v.optional(v.pipe(v.string(), v.maxLength(64)), 'unknown'),
  files: v.pipe(
    v.array(
      v.object({
        path: v.pipe(v.string(), v.check(isInnerPath)),
        bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
        sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      }),
    ),
    v.maxLength(LIMITS.modelFiles),
  ),
});

const ShardIndex = v.object({ weight_map: v.record(v.string(), v.string()) });

/** Files that are asked for where there is no list. */
const USUAL = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'preprocessor_config.json',
  'processor_config.json',
  'chat_template.jinja',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'model.safetensors',
  'model.safetensors.index.json',
  ADAPTER_CONFIG,
  ADAPTER_WEIGHTS,
];

/** Graphs that are asked for where there is no checkpoint: as Optimum calls them, stored in each of the usual ways. */
const GRAPHS = [
  'model.onnx',
  ...[...new Set(Object.values(STEMS).flat(2))].flatMap((stem) =>
    Object.values(SUFFIXES).map((suffix) => `onnx/${stem}${suffix}.onnx`),
  ),
];

/**
 * Lists a folder on a web server: from its `webplat-model.json`, or by asking for the files that models usually have. Without a
 * list nobody says what the files are; what came first is then held to be right.
 *
 * @throws SourceFault
 */
export async function listFolderModel(fetch: AllowedFetch, folder: URL, signal: AbortSignal): Promise<RemoteModel> {
  const listed = await fetchJson(fetch, new URL(LIST, folder).href, {}, signal).catch((error: unknown) => {
    if (error instanceof SourceFault && error.kind === 'missing') return undefined;
    throw error;
  });
  if (listed) return fromList(folder, listed.json);
  const probeAll = async (paths: readonly string[]) =>
    (await Promise.all(paths.map((path) => probe(fetch, folder, path, signal)))).filter((file) => file !== undefined);
  const files = await probeAll(USUAL);
  if (isBareAdapter(files)) return { commit: undefined, licence: 'unknown', files, headers: {} };
  if (!files.some(({ path }) => path.startsWith('model.safetensors'))) {
    const graphs = await probeAll(GRAPHS);
    const data = graphs.flatMap(({ path }) => [`${path}_data`, `${path}.data`]);
    files.push(...graphs, ...(await probeAll(data)));
    if (graphs.length > 0) return { commit: undefined, licence: 'unknown', files, headers: {} };
  }
  if (!files.some(({ path }) => path === 'config.json')) throw new SourceFault('missing', 'There is no config.json.');
  if (files.some(({ path }) => path === 'model.safetensors.index.json')) {
    files.push(...(await probeShards(fetch, folder, signal)));
  }
  return { commit: undefined, licence: 'unknown', files, headers: {} };
}

function fromList(folder: URL, json: unknown): RemoteModel {
  const list = v.safeParse(FolderList, json);
  if (!list.success) throw new SourceFault('lying', `${LIST} does not list files.`);
  const files = runTimeFiles(list.output.files).map(({ path, bytes, sha256 }) => ({
    path,
    bytes,
    expected: { sha256 },
    urls: [new URL(path, folder).href],
  }));
  return { commit: undefined, licence: list.output.licence, files, headers: {} };
}

async function probe(
  fetch: AllowedFetch,
  folder: URL,
  path: string,
  signal: AbortSignal,
): Promise<RemoteFile | undefined> {
  const url = new URL(path, folder).href;
  const guard = createSilenceGuard(signal);
  try {
    const response = await fetch(url, { method: 'HEAD', signal: guard.signal, ...PLAIN });
    const fault = faultOfStatus(response);
    if (fault?.kind === 'missing') return undefined;
    if (fault) throw fault;
    const bytes = Number(response.headers.get('content-length') ?? Number.NaN);
    if (!Number.isSafeInteger(bytes)) throw new SourceFault('lying', 'The server does not say how long files are.');
    return { path, bytes, expected: undefined, urls: [url] };
  } catch (error) {
    throw asFault(error, signal);
  } finally {
    guard.stop();
  }
}

async function probeShards(fetch: AllowedFetch, folder: URL, signal: AbortSignal): Promise<RemoteFile[]> {
  const { json } = await fetchJson(fetch, new URL('model.safetensors.index.json', folder).href, {}, signal);
  const index = v.safeParse(ShardIndex, json);
  const names = index.success ? [...new Set(Object.values(index.output.weight_map))] : [];
  if (names.length === 0 || names.length > 1024 || !names.every((name) => isInnerPath(name) && isRunTimeFile(name))) {
    throw new SourceFault('lying', 'model.safetensors.index.json does not name shards.');
  }
  const shards = await Promise.all(names.map((name) => probe(fetch, folder, name, signal)));
  return shards.map((shard) => {
    if (!shard) throw new SourceFault('missing', 'A shard is missing.');
    return shard;
  });
}
