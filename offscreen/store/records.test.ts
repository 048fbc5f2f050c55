import * as v from 'valibot';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryFolder } from '../../test/support/memory-folder.ts';
import { createRecords } from './records.ts';

const ONE = '1'.repeat(32);
const TWO = '2'.repeat(32);

describe('records', () => {
  let root: MemoryFolder;
  const open = () => createRecords(root.handle, 'notes', v.strictObject({ bytes: v.number() }));
  const notes = () => root.folders.get('notes') as MemoryFolder;
  const put = (name: string, text: string) => notes().files.set(name, new TextEncoder().encode(text));

  beforeEach(async () => {
    root = new MemoryFolder();
    await open().set(ONE, { bytes: 1 });
    await open().set(TWO, { bytes: 2 });
  });

  it('are there again after a start', async () => {
    expect(await open().get(ONE)).toEqual({ bytes: 1 });
    expect(await open().all('complete')).toEqual(
      new Map([
        [ONE, { bytes: 1 }],
        [TWO, { bytes: 2 }],
      ]),
    );
    await open().remove(ONE);
    expect(await open().get(ONE)).toBeUndefined();
  });

  it.each([
    ['cut short', `${ONE}.json`, '{"bytes":'],
    ['of another version', `${ONE}.json`, '{"size":1}'],
    ['empty', `${ONE}.json`, ''],
    ['under another name', 'readme.txt', '{"bytes":1}'],
  ])('that are none are removed: one %s', async (_, name, text) => {
    put(name, text);
    expect([...(await open().all('complete')).values()]).toContainEqual({ bytes: 2 });
    expect(notes().files.has(name)).toBe(false);
  });

  it('that the disk does not give out now stay, and are missed where all are needed', async () => {
    notes().unreadable.add(`${ONE}.json`);
    expect(await open().get(ONE)).toBeUndefined();
    expect([...(await open().all()).keys()]).toEqual([TWO]);
    await expect(open().all('complete')).rejects.toMatchObject({ name: 'NotReadableError' });
    notes().unreadable.clear();
    expect((await open().all('complete')).size).toBe(2);
  });

  it('have no names that lead elsewhere', async () => {
    await expect(open().set('../x', { bytes: 1 })).rejects.toThrow(RangeError);
    expect(await open().get('../x')).toBeUndefined();
  });
});
