import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { ModelCard, ModelHardware } from '../../src/protocol/model.ts';
import { parseModelName } from '../../src/protocol/model-name.ts';
import type { ModelTask } from '../families/family.ts';
import { familyOf } from '../families/registry.ts';
import { parseFields, unsupported } from '../graphs/config-fields.ts';
import { exportedTasks, isExported } from '../onnx/exported.ts';
import { expectedFiles } from '../onnx/model-files.ts';
import { hardwareOf } from './model-hardware.ts';
import { baseFiles } from './sources/adapter-model.ts';
import type { RemoteModel } from './sources/remote-model.ts';

const ConfigFile = v.object({
  max_position_embeddings: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
});

/** Caches and activations beside the weights: an estimate before a plan is made. */
const RESIDENT_PER_WEIGHTS = 1.25;
/** Graphs that others made are taken as they are; the runtime lays weights out anew. */
const RESIDENT_PER_STORED_GRAPH = 1.5;
const LEAST_RESIDENT_BYTES = 32 * 2 ** 20;

/** What a model is to the user, from its list of files and its config. */
export function describeModel(name: string, remote: RemoteModel, config: unknown): ModelCard {
  const parsed = parseModelName(name);
  if (!parsed) throw new WebplatError('unknown-model');
  const bytes = sumOf(expectedFiles(remote.files, () => false));
  const { kind, tasks, residentBytes, hardware } = natureOf(remote, config, bytes);
  const isAdapter = baseFiles(remote.files).length < remote.files.length;
  const what = isAdapter ? `Adapter of ${remote.base?.slice(0, 256) ?? `a ${kind} model`}` : `${kind} model`;
  const { max_position_embeddings: contextTokens } = parseFields(ConfigFile, config ?? {});
  const host = parsed.scheme === 'packaged' || parsed.scheme === 'file' ? undefined : hostOf(remote);
  return {
    name,
    title: titleOf(name),
    description: `${what}${host ? ` from ${host}` : ''}`,
    licence: remote.licence,
    tasks: [...(Object.keys(tasks) as ModelTask[]), 'tensors'],
    source: { packaged: 'packaged', file: 'file', hf: 'hub', https: 'web' }[parsed.scheme] as ModelCard['source'],
    ...(host && { host }),
    diskBytes: bytes,
    downloadBytes: bytes,
    residentBytes: Math.max(LEAST_RESIDENT_BYTES, Math.round(residentBytes)),
    ...(hardware && { hardware }),
    ...(tasks['text-generation'] && contextTokens !== undefined && { contextTokens }),
  };
}

const sumOf = (files: RemoteModel['files']): number => files.reduce((sum, file) => sum + file.bytes, 0);

interface Nature {
  readonly kind: string;
  readonly tasks: ReturnType<typeof exportedTasks>;
  /** An estimate. */
  readonly residentBytes: number;
  readonly hardware?: ModelHardware;
}

/** What a model is, from its config or, where others made its graphs, from these too. */
function natureOf({ files }: RemoteModel, config: unknown, bytes: number): Nature {
  const paths = files.map(({ path }) => path);
  if (isExported(paths, config)) {
    if (baseFiles(files).length < files.length) throw unsupported('Graphs that others exported take no adapters.');
    return { kind: 'ONNX', tasks: exportedTasks(config, paths), residentBytes: bytes * RESIDENT_PER_STORED_GRAPH };
  }
  const family = familyOf(config);
  const hardware = hardwareOf(
    family,
    config,
    sumOf(baseFiles(files).filter(({ path }) => path.endsWith('.safetensors'))),
  );
  const best = hardware.precisions.find(({ precision }) => precision === hardware.recommended.precision);
  const residentBytes = (best?.bytes ?? bytes) * RESIDENT_PER_WEIGHTS;
  return { kind: family.modelTypes[0] ?? '', tasks: family.tasks(config), residentBytes, hardware };
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
