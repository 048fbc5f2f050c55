import { describe, expect, it } from 'vitest';
import { MemoryFolder } from '../../test/support/memory-folder.ts';
import { asStorageError, openInPlace, writeWhole } from './files.ts';

const storageWith = (freeBytes: number) => ({ estimate: async () => ({ quota: 2 ** 40, usage: 2 ** 40 - freeBytes }) });

/** A folder in which every write fails as Chromium's do when the other end of its pipe has gone. */
function brokenFolder(): FileSystemDirectoryHandle {
  const folder = new MemoryFolder();
  const getFileHandle = async (name: string) => {
    const file = await folder.getFileHandle(name, { create: true });
    const createWritable = async () => ({
      ...(await file.createWritable()),
      write: () => Promise.reject(new DOMException('Failed to write data to data pipe', 'InvalidStateError')),
    });
    return { createWritable };
  };
  return { getFileHandle } as unknown as FileSystemDirectoryHandle;
}

describe('a file that is written as a whole', () => {
  it('is there with all of its content, or as it was before', async () => {
    const folder = new MemoryFolder();
    await writeWhole(folder.handle, 'x', 'before');
    folder.room.bytes = 2;
    await expect(writeWhole(folder.handle, 'x', 'much longer than before')).rejects.toMatchObject({
      name: 'QuotaExceededError',
    });
    expect(new TextDecoder().decode(folder.files.get('x'))).toBe('before');
  });

  it('fails for want of room where the disk is full, whatever the browser calls it', async () => {
    const write = (freeBytes: number) => writeWhole(brokenFolder(), 'x', 'content', storageWith(freeBytes));
    await expect(write(4096)).rejects.toMatchObject({ name: 'QuotaExceededError' });
    await expect(write(2 ** 30)).rejects.toMatchObject({ name: 'InvalidStateError' });
    expect(asStorageError(await write(0).catch((error: unknown) => error))).toMatchObject({ code: 'storage-full' });
  });
});

describe('a file that is written in place', () => {
  const lockedFile = () => {
    let tries = 0;
    const createSyncAccessHandle = async () => {
      tries += 1;
      throw new DOMException('', 'NoModificationAllowedError');
    };
    return { handle: { createSyncAccessHandle } as unknown as FileSystemFileHandle, tries: () => tries };
  };

  it('that stays locked on a disk that is full says that it is full', async () => {
    const { handle, tries } = lockedFile();
    await expect(openInPlace(handle, storageWith(100))).rejects.toMatchObject({ name: 'QuotaExceededError' });
    expect(tries()).toBeGreaterThan(1);
  });

  it('that stays locked says so after a while', async () => {
    const { handle, tries } = lockedFile();
    await expect(openInPlace(handle, storageWith(2 ** 30))).rejects.toMatchObject({
      name: 'NoModificationAllowedError',
    });
    expect(tries()).toBeGreaterThan(1);
  });
});
