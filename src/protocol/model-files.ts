import * as v from 'valibot';
import { capped } from './capped.ts';
import { LIMITS } from './limits.ts';

/** Names of files inside a model: one set of rules for hubs, web servers, archives and what the user picks. */

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** Whether a path stays inside its folder, whatever file system it ends up in. */
export const isInnerPath = (path: string): boolean =>
  path.length <= 256 && path.split('/').every((segment) => SEGMENT.test(segment) && !segment.includes('..'));

/** A path that is no mere oddity of naming but leads elsewhere. */
export const leadsOut = (path: string): boolean =>
  path.startsWith('/') ||
  path.includes('\\') ||
  path.includes('\0') ||
  /^[A-Za-z]:/.test(path) ||
  /(^|\/)\.\.(\/|$)/.test(path);

/** Files that a model may need to run, of all that a repository has. */
export function isRunTimeFile(path: string): boolean {
  return (
    /^[a-z_]+(_config|config|map|vocab|merges|processor)\.json$/.test(path) ||
    /^(config|tokenizer|vocab|vocabulary|added_tokens|preprocessor_config)\.json$/.test(path) ||
    /^(vocab|merges)\.txt$/.test(path) ||
    /^(chat_template\.(json|jinja)|spiece\.model|tokenizer\.model)$/.test(path) ||
    // Repositories often hold the same weights a second time, under the names of other tools.
    /^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$/.test(path) ||
    /^onnx\/[A-Za-z0-9_.-]+\.onnx(_data(_\d+)?)?$/.test(path)
  );
}

/** A name inside a model; never a path that leads out of it. */
export const ModelPath = v.pipe(v.string(), v.maxLength(256), v.check(isInnerPath));

/** A name inside a model of a file that it may need to run. */
export const RunTimePath = v.pipe(ModelPath, v.check(isRunTimeFile));

/** Files that the user picked, by their names inside the model. Their bytes stay where they are until they are read. */
export const PickedFiles = capped(v.strictObject({ path: RunTimePath, file: v.blob() }), 1, LIMITS.modelFiles);
export type PickedFiles = v.InferOutput<typeof PickedFiles>;

/** What an archive of a model says it is, before anything of it is taken in. */
export const ArchiveSummary = v.strictObject({
  /** The model's name where the archive is an export; absent for files that somebody packed. */
  name: v.optional(v.pipe(v.string(), v.maxLength(LIMITS.modelNameChars))),
  licence: v.pipe(v.string(), v.maxLength(64)),
  files: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});
export type ArchiveSummary = v.InferOutput<typeof ArchiveSummary>;
