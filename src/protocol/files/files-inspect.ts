import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ArchiveSummary } from '../model-files.ts';

export const filesInspect = defineMethod({
  name: 'files.inspect',
  channel: 'files',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Says what an archive says it is. Nothing of it is kept.',
  params: v.strictObject({ archive: v.blob() }),
  result: ArchiveSummary,
});
