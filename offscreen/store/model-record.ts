import * as v from 'valibot';
import { ModelCard } from '../../src/protocol/model.ts';
import { isInnerPath } from '../../src/protocol/model-files.ts';
import { Bytes, Timestamp } from '../../src/protocol/scalars.ts';
import { sha256 } from './digest.ts';
import type { ModelManifest } from './manifest.ts';
import type { FileRequest } from './obtain.ts';
import { baseFiles } from './sources/adapter-model.ts';
import type { RemoteFile } from './sources/remote-model.ts';

const Hex64 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const RecordedFile = v.strictObject({
  path: v.pipe(v.string(), v.check(isInnerPath)),
  bytes: Bytes,
  /** What the store knows the file by while it is fetched. */
  key: Hex64,
  /** Of its content: from the source, or found out when it had come. */
  sha256: v.optional(Hex64),
  gitOid: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/))),
  urls: v.array(v.string()),
});
export type RecordedFile = v.InferOutput<typeof RecordedFile>;

/** A model that the store knows: where its files come from, and what it is to the user. */
export const ModelRecord = v.strictObject({
  card: ModelCard,
  contentHash: Hex64,
  /** Of an adapter: what the model is known by that it changes. */
  base: v.optional(v.strictObject({ contentHash: Hex64 })),
  files: v.array(RecordedFile),
  /** The version of the source that was listed. */
  commit: v.optional(v.string()),
  /** Whether the user's token is needed to fetch it. */
  isPrivate: v.boolean(),
  /** Whether its files came out of an archive. */
  fromArchive: v.optional(v.boolean(), false),
  addedAt: Timestamp,
  lastUsedAt: Timestamp,
  /** Kept whatever happens, until the user removes it. */
  pinned: v.boolean(),
  /** Sites that used it, by `siteKey`, most recent last. */
  sites: v.array(v.pipe(v.string(), v.maxLength(1100))),
});
export type ModelRecord = v.InferOutput<typeof ModelRecord>;

const hashOf = (text: string): Promise<string> => sha256(new TextEncoder().encode(text));

/** Key of a model's record: a hash, because names are no file names. */
export const recordKey = (name: string): Promise<string> => hashOf(name);

/** What a source lists, as the store keeps it. */
export async function recordFile({ path, bytes, expected, urls }: RemoteFile): Promise<RecordedFile> {
  const known = expected && 'sha256' in expected ? expected.sha256 : undefined;
  const gitOid = expected && 'gitOid' in expected ? expected.gitOid : undefined;
  const key = known ?? (await hashOf(gitOid ? `git:${gitOid}` : `url:${urls[0]}:${bytes}`));
  return { path, bytes, key, ...(known && { sha256: known }), ...(gitOid && { gitOid }), urls: [...urls] };
}

/** Hash over what is known of the contents, the same whatever the model is called. */
export function contentHashOf(files: readonly RecordedFile[]): Promise<string> {
  const lines = files.map(({ path, key, sha256: known }) => `${path} ${known ?? key}\n`);
  return hashOf(lines.sort().join(''));
}

/** What an adapter's files have in common with the model that it changes; undefined for files that are no adapter. */
export async function baseHashOf(files: readonly RecordedFile[]): Promise<ModelRecord['base']> {
  const own = baseFiles(files);
  return own.length === files.length ? undefined : { contentHash: await contentHashOf(own) };
}

/** What is compiled of a model is known by this: adapters change none of it. */
export const compiledHash = ({ base, contentHash }: Pick<ModelRecord, 'base' | 'contentHash'>): string =>
  (base ?? { contentHash }).contentHash;

/** What the file store has to bring. */
export function requestOf(file: RecordedFile, headers: Readonly<Record<string, string>>): FileRequest {
  const { key, bytes, sha256: known, gitOid, urls } = file;
  return {
    key,
    bytes,
    expected: known ? { sha256: known } : gitOid ? { gitOid } : undefined,
    sources: urls.map((url, at) => ({
      name: new URL(url).origin,
      url,
      // Only the source itself is told who asks.
      ...(at === 0 && Object.keys(headers).length > 0 && { headers }),
    })),
  };
}

export function manifestOf({ card, contentHash, base, files }: ModelRecord): ModelManifest {
  const listed = files.map(({ path, bytes }) => ({ path, bytes }));
  return { card, engine: 'ort', contentHash, files: listed, ...(base && { base }) };
}
