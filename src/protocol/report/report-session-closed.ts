import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Token } from '../scalars.ts';

export const reportSessionClosed = defineMethod({
  name: 'report.session-closed',
  channel: 'report',
  from: ['host'],
  needs: 'nothing',
  doc: "The document's port closed: the background forgets the session.",
  params: v.strictObject({ token: Token }),
  result: v.strictObject({}),
});
