import { expect, it } from 'vitest';
import { pickTarget, writeArchive } from './save-archive.ts';

const archive = new Blob([new Uint8Array(300_000)]);
const target = (sink: UnderlyingSink<Uint8Array>) => ({ createWritable: async () => new WritableStream(sink) });

it('writes all of it, and tells how much', async () => {
  const told: number[] = [];
  let [bytes, closed] = [0, false];
  const sink = {
    write(chunk: Uint8Array) {
      bytes += chunk.byteLength;
    },
    close() {
      closed = true;
    },
  };
  await writeArchive(archive, target(sink), new AbortController().signal, (written) => told.push(written));
  expect({ bytes, closed, told: told.at(-1) }).toEqual({ bytes: 300_000, closed: true, told: 300_000 });
});

it('is stopped at once, also where the drive does not answer', async () => {
  const abort = new AbortController();
  const held = target({ write: () => new Promise<void>(() => {}) });
  const writing = writeArchive(archive, held, abort.signal, () => abort.abort());
  await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
});

it('fails where it cannot be written, without closing what was begun', async () => {
  let closed = false;
  const full = target({
    write: () => Promise.reject(new DOMException('', 'QuotaExceededError')),
    close() {
      closed = true;
    },
  });
  await expect(writeArchive(archive, full, new AbortController().signal, () => {})).rejects.toMatchObject({
    name: 'QuotaExceededError',
  });
  expect(closed).toBe(false);
});

it('asks for no place where the browser cannot', async () => {
  expect(await pickTarget('x.tar')).toBeUndefined();
});
