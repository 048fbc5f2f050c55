import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { ParamInfo, ParamReader, ParamTable } from './checkpoint.ts';
import { DTYPE_BYTES, type Dtype, toFloat32 } from './dtype.ts';
import type { ModelBytes } from './model-bytes.ts';
import { readTable } from './safetensors.ts';

const WHOLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** `model.safetensors.index.json`: which shard each parameter lies in. */
const ShardIndex = v.object({ weight_map: v.record(v.string(), v.string()) });

const corrupt = (reason: string): WebplatError => new WebplatError('model-corrupt', undefined, { reason });

/** Files of a checkpoint by their name in the model. */
export type CheckpointFiles = ReadonlyMap<string, ModelBytes>;

/** Names of the files that hold the parameters, found by what is there. */
export async function shardNames(files: CheckpointFiles): Promise<readonly string[]> {
  if (files.has(WHOLE)) return [WHOLE];
  return [...new Set((await readIndex(files)).values())];
}

async function readIndex(files: CheckpointFiles): Promise<ReadonlyMap<string, string>> {
  const file = files.get(INDEX);
  if (!file) throw corrupt(`The model has neither ${WHOLE} nor ${INDEX}.`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await file.read(0, file.size)));
  } catch {
    throw corrupt(`${INDEX} is not JSON.`);
  }
  const index = v.safeParse(ShardIndex, json);
  if (!index.success) throw corrupt(`${INDEX} does not say which parameter lies where.`);
  return new Map(Object.entries(index.output.weight_map));
}

/**
 * The parameters of a checkpoint in one or more safetensors files. Only headers are read; that every shard which the index
 * names is there, and holds what the index says, is checked.
 *
 * @throws WebplatError `model-corrupt`
 */
export async function openParams(files: CheckpointFiles): Promise<{ table: ParamTable; reader: ParamReader }> {
  const params = new Map<string, ParamInfo>();
  for (const file of await shardNames(files)) {
    const bytes = files.get(file);
    if (!bytes) throw corrupt(`The model has no ${file.slice(0, 128)}.`);
    const { dataStart, tensors } = await readTable(bytes);
    for (const [name, { dtype, shape, begin, end }] of tensors) {
      if (params.has(name)) throw corrupt(`Two files hold ${name.slice(0, 128)}.`);
      params.set(name, { dtype, shape, file, begin: dataStart + begin, end: dataStart + end });
    }
  }
  if (!files.has(WHOLE)) {
    for (const [name, file] of await readIndex(files)) {
      if (params.get(name)?.file !== file) throw corrupt(`${file.slice(0, 128)} does not hold ${name.slice(0, 128)}.`);
    }
  }
  return {
    table: { get: (name) => params.get(name), names: () => [...params.keys()] },
    reader: createReader(params, files),
  };
}

const isReadable = (dtype: string): dtype is Dtype => Object.hasOwn(DTYPE_BYTES, dtype);

function createReader(params: ReadonlyMap<string, ParamInfo>, files: CheckpointFiles): ParamReader {
  return {
    async rows(name, from, to) {
      const param = params.get(name);
      const file = param && files.get(param.file);
      if (!file) throw corrupt(`Parameter ${name.slice(0, 128)} is missing.`);
      const { dtype, shape, begin, end } = param;
      if (!isReadable(dtype))
        throw new WebplatError('model-unsupported', undefined, { reason: `Weights of type ${dtype}.` });
      const stride = (end - begin) / Math.max(1, shape[0] ?? 1);
      return toFloat32(await file.read(begin + from * stride, begin + to * stride), dtype);
    },
  };
}
