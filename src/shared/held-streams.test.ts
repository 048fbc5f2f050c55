import { expect, it } from 'vitest';
import { holdStreams } from './held-streams.ts';

const bytes = Uint8Array.from({ length: 3000 }, (_, at) => at % 251);

/** Reads a stream as the runtime does: into a buffer that goes to and fro. */
async function readAll(blob: Blob | undefined): Promise<number[]> {
  const read: number[] = [];
  const reader = blob?.stream().getReader({ mode: 'byob' });
  let buffer = new ArrayBuffer(1000);
  for (;;) {
    const piece = await reader?.read(new Uint8Array(buffer));
    if (piece?.value) read.push(...piece.value);
    if (!piece || piece.done) return read;
    buffer = piece.value.buffer;
  }
}

it('lets every stream wait once before it is read, and reads the same', async () => {
  let asked = 0;
  let go = () => {};
  const pace = () => {
    asked += 1;
    return new Promise<void>((resolve) => {
      go = resolve;
    });
  };
  const { blobs, release } = holdStreams([new Blob([bytes])], pace);
  const [blob] = blobs;
  for (const part of [blob, blob?.slice(10, 2500)]) {
    const before = asked;
    let done = false;
    const reading = readAll(part).finally(() => {
      done = true;
    });
    await new Promise(setImmediate);
    expect([asked, done]).toEqual([before + 1, false]);
    go();
    expect(await reading).toEqual([...bytes.slice(part === blob ? 0 : 10, part === blob ? 3000 : 2500)]);
    expect(asked).toBe(before + 1);
  }
  release();
});

it('fails a read whose wait failed', async () => {
  const { blobs } = holdStreams([new Blob([bytes])], () => Promise.reject(new Error('The device is gone.')));
  await expect(readAll(blobs[0])).rejects.toThrow('The device is gone.');
});

it('reads at once where there is nothing to wait for', async () => {
  const { blobs } = holdStreams([new Blob([bytes])]);
  expect(await readAll(blobs[0])).toEqual([...bytes]);
});
