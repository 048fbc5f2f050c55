import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ModelName, Token } from '../scalars.ts';

export const filesRestore = defineMethod({
  name: 'files.restore',
  channel: 'files',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Begins to take the model of an archive into the store. An export keeps its own name, which is the one that the user was shown; files that somebody packed become `file:NAME`.',
  params: v.strictObject({ archive: v.blob(), name: ModelName }),
  result: v.strictObject({ job: Token }),
});
