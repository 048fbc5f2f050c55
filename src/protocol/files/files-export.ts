import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ModelName } from '../scalars.ts';

export const filesExport = defineMethod({
  name: 'files.export',
  channel: 'files',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Checks every byte of a stored model and hands it out as one archive, whose parts stay on disk until they are read.',
  params: v.strictObject({ model: ModelName }),
  result: v.strictObject({ archive: v.blob() }),
});
