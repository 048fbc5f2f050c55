import * as v from 'valibot';
import { modelFiles } from '../../../src/protocol/model-files.ts';
import { Bytes, ModelName } from '../../../src/protocol/scalars.ts';

/**
 * The list of an export's files, its first entry. An export that was unpacked onto a web server is a folder that can be
 * named by its address, because folders are described by the same file.
 */
export const LIST_PATH = 'webplat-model.json';

/** Bytes of a list: thousands of names and hashes. */
export const MOST_LIST_BYTES = 2 * 2 ** 20;

export const ArchiveList = v.strictObject({
  /** Of this format; another one is not understood. */
  webplat: v.literal(1),
  name: ModelName,
  licence: v.pipe(v.string(), v.maxLength(64)),
  /** The version of the source that the files are of. */
  commit: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/))),
  isPrivate: v.boolean(),
  files: modelFiles({ bytes: Bytes, sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
});
export type ArchiveList = v.InferOutput<typeof ArchiveList>;
