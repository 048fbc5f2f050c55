import { describe, expect, it } from 'vitest';
import { makeJob } from '../../../test/ui/fake-state.ts';
import { jobEnd, jobFigure } from './job-text.ts';

it('says how far a job is', () => {
  expect(jobFigure(makeJob('check'))).toMatch(/^Checking: 2 of 5 files, .+ of .+$/);
  expect(jobFigure(makeJob('export'))).toMatch(/^Checking before the export: /);
  expect(jobFigure(makeJob('import', { totalFiles: 0 }))).toBe('Importing …');
});

describe('how a job ended', () => {
  const damaged = { damagedFiles: 20, damaged: ['a.json', 'b.json'] };
  it.each<[string, Parameters<typeof makeJob>, RegExp]>([
    ['intact', ['check', { state: 'done', doneFiles: 5 }], /^5 files checked, all intact\.$/],
    ['stopped', ['check', { state: 'stopped' }], /^Stopped after 2 of 5 files, none of them damaged\.$/],
    [
      'damaged',
      ['check', { state: 'done', doneFiles: 30, ...damaged }],
      /^30 files checked, 20 damaged: a\.json, b\.json, 18 more\. .*downloaded anew/,
    ],
    ['damaged, of the user', ['check', { state: 'done', model: 'file:x', ...damaged }], /import the model again/],
    ['stopped with damage', ['check', { state: 'stopped', ...damaged }], /^Stopped after 2 of 5 files, 20 damaged: /],
    ['imported', ['import', { state: 'done', doneFiles: 5 }], /^5 files imported, .+\.$/],
    ['import stopped', ['import', { state: 'stopped' }], /Nothing of it was kept/],
    [
      'refused',
      ['import', { state: 'failed', error: { code: 'files-refused', message: 'm', data: { reason: 'Why.' } } }],
      /^Why\.$/,
    ],
    ['no room', ['import', { state: 'failed', error: { code: 'storage-full', message: 'm' } }], /not enough room/],
    ['a fault', ['import', { state: 'failed', error: { code: 'internal', message: 'm' } }], /did not work/],
    ['export stopped', ['export', { state: 'stopped' }], /^Stopped\.$/],
  ])('%s', (_what, job, text) => {
    expect(jobEnd(makeJob(...job))).toMatch(text);
  });
});
