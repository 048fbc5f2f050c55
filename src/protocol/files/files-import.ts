import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { PickedFiles } from '../model-files.ts';
import { FileModelName, Token } from '../scalars.ts';

export const filesImport = defineMethod({
  name: 'files.import',
  channel: 'files',
  from: ['ui'],
  needs: 'nothing',
  doc: "Begins to take files that the user picked into the store as `file:NAME`. How far it is, and how it ended, is part of the store's state.",
  params: v.strictObject({ name: FileModelName, files: PickedFiles }),
  result: v.strictObject({ job: Token }),
});
