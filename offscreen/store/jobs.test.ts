import { expect, it } from 'vitest';
import { WebplatError } from '../../src/protocol/errors.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { createJobs } from './jobs.ts';

const never = () => new Promise<never>(() => {});
const untilStopped = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

it('tells how far a job is, and keeps how it ended until that is put away', async () => {
  const jobs = createJobs();
  const { id, done } = jobs.start('check', 'file:x', async (_signal, report) => {
    report.total(2, 10);
    report.bytes(4);
    report.file();
    expect(jobs.list()).toMatchObject([{ state: 'running', doneFiles: 1, totalFiles: 2, doneBytes: 4 }]);
    for (let index = 0; index < 20; index += 1) report.damaged(`${index}`);
    report.bytes(100);
  });
  expect(jobs.dismiss(id), 'while it runs').toBe(false);
  await done;
  expect(jobs.list()).toMatchObject([{ state: 'done', doneBytes: 10, damagedFiles: 20 }]);
  expect(jobs.list()[0]?.damaged).toHaveLength(16);
  expect(jobs.stop(id)).toBe(false);
  expect(jobs.dismiss(id)).toBe(true);
  expect(jobs.list()).toEqual([]);
});

it('is stopped, which is no failure', async () => {
  const jobs = createJobs();
  const { id, done } = jobs.start('import', 'file:x', untilStopped);
  expect(jobs.isRunning('import', 'file:x')).toBe(true);
  expect(jobs.isRunning('check', 'file:x')).toBe(false);
  expect(jobs.stop('0'.repeat(32))).toBe(false);
  expect(jobs.stop(id)).toBe(true);
  await expect(done).rejects.toMatchObject({ name: 'AbortError' });
  expect(jobs.list()).toMatchObject([{ state: 'stopped' }]);
  expect(jobs.list()[0]?.error).toBeUndefined();
});

it('fails with what may be told, and reports what is our own fault', async () => {
  const faults: unknown[] = [];
  const jobs = createJobs((error) => faults.push(error));
  const fail = (error: Error) => jobs.start('import', 'file:x', () => Promise.reject(error)).done.catch(() => {});
  await fail(new WebplatError('storage-full'));
  expect(jobs.list()).toMatchObject([{ state: 'failed', error: { code: 'storage-full' } }]);
  await fail(new Error('/secret/path'));
  expect(jobs.list(), 'in place of the one before').toMatchObject([{ state: 'failed', error: { code: 'internal' } }]);
  expect(JSON.stringify(jobs.list())).not.toContain('secret');
  expect(faults).toHaveLength(1);
});

it('shows no good end where that is not asked for, and never more than fit', async () => {
  const jobs = createJobs();
  await jobs.start('export', 'file:x', async () => {}, false).done;
  expect(jobs.list()).toEqual([]);
  for (let index = 0; index <= LIMITS.jobs; index += 1) await jobs.start('check', `file:${index}`, async () => {}).done;
  expect(jobs.list()).toHaveLength(LIMITS.jobs);
  expect(jobs.list()[0]?.model).toBe('file:1');
});

it('ends with the model that it is about', () => {
  const jobs = createJobs();
  let stopped: AbortSignal | undefined;
  jobs
    .start('check', 'file:x', (signal) => {
      stopped = signal;
      return never();
    })
    .done.catch(() => {});
  jobs.start('check', 'file:y', never).done.catch(() => {});
  jobs.forget('file:x');
  expect(stopped?.aborted).toBe(true);
  expect(jobs.list()).toMatchObject([{ model: 'file:y' }]);
});
