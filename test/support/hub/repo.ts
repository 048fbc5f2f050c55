import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** A file of a repository, readable by range. */
export interface HubFile {
  readonly bytes: number;
  /** Whether the hub keeps it apart from git and names it by SHA-256, as it does with everything large. */
  readonly lfs: boolean;
  readonly sha256: string;
  /** SHA-1 of git's blob object; what the hub tells of files that are not kept apart. */
  readonly gitOid: string;
  read(begin: number, end: number): Promise<Uint8Array>;
}

export interface HubRepo {
  /** Commit that every branch and tag points to. */
  readonly commit: string;
  readonly files: ReadonlyMap<string, HubFile>;
  /** Whoever wants it has to show this token. */
  readonly token?: string;
  readonly licence?: string;
}

const LFS_FROM_BYTES = 64 * 1024;
const LFS_NAMES = /\.(safetensors|onnx|onnx_data|bin|gguf)$/;

export const gitOidOf = (content: Uint8Array): string =>
  createHash('sha1').update(`blob ${content.byteLength}\0`).update(content).digest('hex');

export const sha256Of = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** A file whose content is at hand. */
export function fileOf(name: string, content: Uint8Array | string): HubFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    bytes: bytes.byteLength,
    lfs: bytes.byteLength > LFS_FROM_BYTES || LFS_NAMES.test(name),
    sha256: sha256Of(bytes),
    gitOid: gitOidOf(bytes),
    read: async (begin, end) => bytes.subarray(begin, end),
  };
}

export function repoOf(
  files: Readonly<Record<string, Uint8Array | string | HubFile>>,
  options: Partial<Pick<HubRepo, 'commit' | 'token' | 'licence'>> = {},
): HubRepo {
  const entries = Object.entries(files).map(([name, content]): [string, HubFile] => [
    name,
    typeof content === 'string' || content instanceof Uint8Array ? fileOf(name, content) : content,
  ]);
  const identity = entries.map(([name, { sha256 }]) => `${name} ${sha256}`).join('\n');
  return {
    commit: createHash('sha1').update(identity).digest('hex'),
    files: new Map(entries),
    ...options,
  };
}

/** The files below a folder, hashed once and read from disk as they are asked for. */
export async function repoOfFolder(folder: string, options: Parameters<typeof repoOf>[1] = {}): Promise<HubRepo> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.posix.join(path.relative(folder, entry.parentPath), entry.name));
  const files: Record<string, HubFile> = {};
  for (const name of names.sort()) files[name] = await diskFile(path.join(folder, name), name);
  return repoOf(files, options);
}

/** Read piece by piece: a checkpoint may be larger than what Node takes at once. */
async function hashesOf(file: string, bytes: number): Promise<{ readonly sha256: string; readonly gitOid: string }> {
  const [sha256, gitOid] = [createHash('sha256'), createHash('sha1').update(`blob ${bytes}\0`)];
  for await (const piece of createReadStream(file)) {
    sha256.update(piece);
    gitOid.update(piece);
  }
  return { sha256: sha256.digest('hex'), gitOid: gitOid.digest('hex') };
}

async function diskFile(file: string, name: string): Promise<HubFile> {
  const { size } = await stat(file);
  const { sha256, gitOid } = await hashesOf(file, size);
  const lfs = size > LFS_FROM_BYTES || LFS_NAMES.test(name);
  return {
    bytes: size,
    lfs,
    sha256,
    gitOid,
    async read(begin, end) {
      const handle = await open(file);
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - begin), 0, end - begin, begin);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
  };
}
