import { WebplatError } from '../../src/protocol/errors.ts';
import type { ParamReader, ParamTable } from './checkpoint.ts';
import type { ModelBytes } from './model-bytes.ts';
import { openParams } from './params.ts';

const WHOLE = 'model.safetensors';
const SHARDS = /^model.*\.safetensors(\.index\.json)?$/;

/** Where the files of a checkpoint are. */
export interface CheckpointSource {
  readonly paths: readonly string[];
  open(path: string): Promise<ModelBytes>;
}

/**
 * The parameters of a model's safetensors files. Of each, only the header is read.
 *
 * @throws WebplatError `model-corrupt`
 */
export async function openCheckpoint(
  files: CheckpointSource,
): Promise<{ readonly table: ParamTable; readonly reader: ParamReader }> {
  const whole = files.paths.filter((path) => path === WHOLE);
  const paths = whole.length > 0 ? whole : files.paths.filter((path) => SHARDS.test(path));
  if (paths.length === 0) {
    throw new WebplatError('model-corrupt', undefined, { reason: 'The model has no weights.' });
  }
  return openParams(new Map(await Promise.all(paths.map(async (path) => [path, await files.open(path)] as const))));
}
