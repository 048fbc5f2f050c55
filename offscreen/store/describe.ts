import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { ModelCard } from '../../src/protocol/model.ts';
import { parseModelName } from '../../src/protocol/model-name.ts';
import type { ModelTask } from '../families/family.ts';
import { familyOf } from '../families/registry.ts';
import { parseFields } from '../graphs/config-fields.ts';
import { exportedTasks, isExported } from '../onnx/exported.ts';
import { expectedFiles } from '../onnx/model-files.ts';
import type { RemoteModel } from './sources/remote-model.ts';

const ConfigFile = v.object({
  max_position_embeddings: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
});

/** 4 bits a weight with scales and caches, for each byte of a checkpoint that stores two: an estimate before a plan is made. */
const RESIDENT_PER_STORED = 0.35;
/** What runs once a request stays as exact as it is stored, and half-precision weights become float32. */
const RESIDENT_PER_STORED_EXACT = 2;
/** Graphs that others made are taken as they are; the runtime lays weights out anew. */
const RESIDENT_PER_STORED_GRAPH = 1.5;
const LEAST_RESIDENT_BYTES = 32 * 2 ** 20;

/** What a model is to the user, from its list of files and its config. */
export function describeModel(name: string, remote: RemoteModel, config: unknown): ModelCard {
  const parsed = parseModelName(name);
  if (!parsed) throw new WebplatError('unknown-model');
  const { kind, tasks, perStored } = natureOf(remote, config);
  const { max_position_embeddings: contextTokens } = parseFields(ConfigFile, config ?? {});
  const bytes = expectedFiles(remote.files, () => false).reduce((sum, file) => sum + file.bytes, 0);
  const host = parsed.scheme === 'packaged' || parsed.scheme === 'file' ? undefined : hostOf(remote);
  return {
    name,
    title: titleOf(name),
    description: `${kind} model${host ? ` from ${host}` : ''}`,
    licence: remote.licence,
    tasks: [...(Object.keys(tasks) as ModelTask[]), 'tensors'],
    source: { packaged: 'packaged', file: 'file', hf: 'hub', https: 'web' }[parsed.scheme] as ModelCard['source'],
    ...(host && { host }),
    diskBytes: bytes,
    downloadBytes: bytes,
    residentBytes: Math.max(LEAST_RESIDENT_BYTES, Math.round(bytes * perStored)),
    ...(tasks['text-generation'] && contextTokens !== undefined && { contextTokens }),
  };
}

/** What a model is, from its config or, where others made its graphs, from these too. */
function natureOf({ files }: RemoteModel, config: unknown) {
  const paths = files.map(({ path }) => path);
  if (isExported(paths, config)) {
    return { kind: 'ONNX', tasks: exportedTasks(config, paths), perStored: RESIDENT_PER_STORED_GRAPH };
  }
  const family = familyOf(config);
  const perStored = family.components.decoder ? RESIDENT_PER_STORED : RESIDENT_PER_STORED_EXACT;
  return { kind: family.modelTypes[0] ?? '', tasks: family.tasks(config), perStored };
}

const hostOf = ({ files }: RemoteModel): string | undefined => {
  const url = files[0]?.urls[0];
  return url === undefined ? undefined : new URL(url).host;
};

/** The last part of a name, for people. */
const titleOf = (name: string): string =>
  name
    .replace(/\/$/, '')
    .replace(/@[^@]*$/, '')
    .split(/[:/]/)
    .at(-1)
    ?.slice(0, 128) ?? name.slice(0, 128);
