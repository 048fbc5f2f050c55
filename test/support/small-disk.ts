import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, rmdir, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A disk of its own, so small that a test can fill it. */
export interface SmallDisk {
  readonly path: string;
  /** Takes up what is free but for so many bytes. */
  fill(freeBytes: number): Promise<void>;
  /** Gives back all that was filled. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const run = promisify(execFile);
const PIECE = Buffer.alloc(2 ** 20);

/**
 * Mounts a file system in memory. Browsers hold the quota against no extension that may store what it likes, as this one may: only
 * a disk that really is full tells what happens then.
 */
export async function mountSmallDisk(bytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'webplat-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]).catch((error: Error) => {
    throw new Error(
      `These tests fill a disk of their own, which takes Linux and the right to mount one: ${error.message}`,
    );
  });
  const ballast = path.join(folder, 'ballast');
  return {
    path: folder,
    async fill(freeBytes) {
      const file = await open(ballast, 'a');
      try {
        for (;;) {
          const { bavail, bsize } = await statfs(folder);
          const left = bavail * bsize - freeBytes;
          if (left <= 0) return;
          await file.write(PIECE, 0, Math.min(left, PIECE.byteLength));
        }
      } catch (error) {
        // Who else writes may have been quicker to take the last of it.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        await file.close();
      }
    },
    clear: () => rm(ballast, { force: true }),
    async close() {
      await run('umount', [folder]);
      await rmdir(folder);
    },
  };
}
