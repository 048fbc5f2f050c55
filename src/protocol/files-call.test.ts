import { afterEach, expect, it, vi } from 'vitest';
import type { DataPort } from '../shared/port.ts';
import { createDispatch } from './dispatch.ts';
import { WebplatError } from './errors.ts';
import { filesExport } from './files/files-export.ts';
import { filesImport } from './files/files-import.ts';
import { answerFiles, callFiles } from './files-call.ts';

afterEach(() => void vi.useRealTimers());

/** Two ports that hear each other at once, and what was posted on the second. */
function pair() {
  const listeners: ((message: unknown) => void)[] = [() => {}, () => {}];
  const posted: unknown[] = [];
  const end = (mine: number): DataPort => ({
    post(message) {
      if (mine === 1) posted.push(message);
      listeners[1 - mine]?.(message);
    },
    onMessage(listener) {
      listeners[mine] = listener;
    },
    onClose() {},
    close() {},
  });
  return { near: end(0), far: end(1), posted };
}

/** A host that knows the export alone. */
const dispatchOf = (archive: () => Promise<unknown>) =>
  createDispatch<readonly [typeof filesExport], void>([filesExport], {
    'files.export': async () => ({ archive: (await archive()) as Blob }),
  });

it('brings one answer, validated on both ends', async () => {
  const { near, far, posted } = pair();
  answerFiles(
    far,
    dispatchOf(async () => new Blob(['tar'])),
  );
  const { archive } = await callFiles(async () => near, filesExport, { model: 'file:x' });
  expect(await archive.text()).toBe('tar');
  near.post({ method: 'files.export', params: { model: 'file:x' } });
  await Promise.resolve();
  expect(posted).toHaveLength(1);
});

it.each<[string, unknown]>([
  ['no request', null],
  ['a request with more in it', { method: 'files.export', params: { model: 'file:x' }, origin: 'https://a.example' }],
])('refuses %s', async (_what, message) => {
  const { near, far, posted } = pair();
  answerFiles(
    far,
    dispatchOf(async () => new Blob([])),
  );
  near.post(message);
  await vi.waitFor(() => expect(posted).toMatchObject([{ ok: false, error: { code: 'invalid-request' } }]));
});

it('tells what was refused, and what is no answer', async () => {
  const { near, far } = pair();
  answerFiles(
    far,
    dispatchOf(() => Promise.reject(new WebplatError('storage-full'))),
  );
  await expect(callFiles(async () => near, filesExport, { model: 'file:x' })).rejects.toMatchObject({
    code: 'storage-full',
  });
  const unlisted = pair();
  answerFiles(
    unlisted.far,
    dispatchOf(async () => new Blob([])),
  );
  await expect(
    callFiles(async () => unlisted.near, filesImport, {
      name: 'file:x',
      files: [{ path: 'config.json', file: new Blob([]) }],
    }),
  ).rejects.toMatchObject({ code: 'unknown-method' });
  const lying = pair();
  lying.far.onMessage(() => lying.far.post({ ok: true, value: { archive: 'text' } }));
  await expect(callFiles(async () => lying.near, filesExport, { model: 'file:x' })).rejects.toMatchObject({
    code: 'internal',
  });
});

it('waits as long as the host is at it, and no longer', async () => {
  vi.useFakeTimers();
  const { near, far } = pair();
  let finish = (_: Blob) => {};
  answerFiles(
    far,
    dispatchOf(
      () =>
        new Promise<Blob>((settle) => {
          finish = settle;
        }),
    ),
  );
  const slow = callFiles(async () => near, filesExport, { model: 'file:x' });
  await vi.advanceTimersByTimeAsync(3_600_000);
  finish(new Blob(['late']));
  expect(await (await slow).archive.text()).toBe('late');
  const gone = callFiles(async () => pair().near, filesExport, { model: 'file:x' });
  const outcome = expect(gone).rejects.toMatchObject({ code: 'disconnected' });
  await vi.advanceTimersByTimeAsync(200_000);
  await outcome;
});
