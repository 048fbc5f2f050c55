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

/** Where a model keeps the files of an adapter that changes it. */
export const ADAPTER_FOLDER = 'adapter/';
/** Weights of an adapter, as PEFT calls them (https://huggingface.co/docs/peft/developer_guides/checkpoint). */
export const ADAPTER_WEIGHTS = 'adapter_model.safetensors';
export const ADAPTER_CONFIG = 'adapter_config.json';

/** Files that a model may need to run, of all that a repository has. */
export function isRunTimeFile(path: string): boolean {
  if (path.startsWith(ADAPTER_FOLDER)) return isAdapterFile(path.slice(ADAPTER_FOLDER.length));
  return (
    path === ADAPTER_WEIGHTS ||
    /^[a-z_]+(_config|config|map|vocab|merges|processor)\.json$/.test(path) ||
    /^(config|tokenizer|vocab|vocabulary|added_tokens|preprocessor_config)\.json$/.test(path) ||
    /^(vocab|merges)\.txt$/.test(path) ||
    /^(chat_template\.(json|jinja)|spiece\.model|tokenizer\.model)$/.test(path) ||
    // Repositories often hold the same weights a second time, under the names of other tools.
    /^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$/.test(path) ||
    /^(onnx\/)?[A-Za-z0-9_.-]+\.onnx((_data(_\d+)?|\.data))?$/.test(path)
  );
}

/** What an adapter consists of: its weights, and texts that take the place of the model's own. */
export const isAdapterFile = (path: string): boolean =>
  path === ADAPTER_WEIGHTS || /^(adapter_config|config|tokenizer|[a-z]+_config)\.json$/.test(path);

/** Weights in the format that graphs are made from. */
const isCheckpoint = (path: string): boolean => path.endsWith('.safetensors');
export const isGraph = (path: string): boolean => path.endsWith('.onnx');

/** What lies beside graphs and is never weights of theirs: texts, pictures, programs, and weights for other tools. */
const NO_WEIGHTS =
  /\.(md|txt|json|jsonl|ya?ml|html?|jinja|py|js|ts|exe|png|jpe?g|gif|webp|wav|mp3|zip|tar|gz|h5|msgpack|ot|pth?|ckpt|gguf|tflite)$|(^|\/)(pytorch_model|training_args|optimizer|scheduler)[^/]*$/i;

/**
 * Files of a list that a model may need to run. Graphs may have their weights in files of any name in their folder; that is looked
 * for where there are no other weights.
 */
export function runTimeFiles<File extends { readonly path: string }>(files: readonly File[]): File[] {
  const inner = files.filter(({ path }) => isInnerPath(path));
  const checkpoint = inner.some(({ path }) => isCheckpoint(path) && isRunTimeFile(path));
  const folders = new Set(
    inner
      .map(({ path }) => path)
      .filter((path) => isGraph(path) && isRunTimeFile(path))
      .map(folderOf),
  );
  const mayHoldWeights = (path: string) =>
    !checkpoint && folders.has(folderOf(path)) && !isGraph(path) && !NO_WEIGHTS.test(path);
  return inner.filter(({ path }) => isRunTimeFile(path) || mayHoldWeights(path));
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

const areRunTimeFiles = (files: readonly { readonly path: string }[]): boolean =>
  runTimeFiles(files).length === files.length;

/** A name inside a model; never a path that leads out of it. */
export const ModelPath = v.pipe(v.string(), v.maxLength(256), v.check(isInnerPath));

/** Files by their names inside a model, each of which it may need to run. */
export const modelFiles = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(
    capped(v.strictObject({ ...entries, path: ModelPath }), 1, LIMITS.modelFiles),
    v.check((files) => areRunTimeFiles(files as readonly { path: string }[])),
  );

/** Files that the user picked, by their names inside the model. Their bytes stay where they are until they are read. */
export const PickedFiles = modelFiles({ file: v.blob() });
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
