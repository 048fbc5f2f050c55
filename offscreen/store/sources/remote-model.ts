/** A file of a model as its source lists it. */
export interface RemoteFile {
  /** Name inside the model; never a path that leads out of it. */
  readonly path: string;
  readonly bytes: number;
  /** What the source says of the content; undefined where it says nothing. */
  readonly expected: { readonly sha256: string } | { readonly gitOid: string } | undefined;
  /** Addresses that serve it, the one that vouches for it first. */
  readonly urls: readonly string[];
}

/** A model as its source lists it. */
export interface RemoteModel {
  /** The version that was listed, where the source has versions: its files never change. */
  readonly commit: string | undefined;
  readonly licence: string;
  readonly files: readonly RemoteFile[];
  /** Sent to the source's own addresses. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Files that a model may have; no source is believed that lists more. */
export const MOST_FILES = 4096;

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** Whether a path stays inside its folder, whatever file system it ends up in. */
export const isInnerPath = (path: string): boolean =>
  path.length <= 256 && path.split('/').every((segment) => SEGMENT.test(segment) && !segment.includes('..'));

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
