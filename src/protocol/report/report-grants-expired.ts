import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Token } from '../scalars.ts';

export const reportGrantsExpired = defineMethod({
  name: 'report.grants-expired',
  channel: 'report',
  from: ['host'],
  needs: 'nothing',
  doc: 'A grant of the session ran out by the clock: the background narrows or ends the sessions of its site and tells the documents.',
  params: v.strictObject({ token: Token }),
  result: v.strictObject({}),
});
