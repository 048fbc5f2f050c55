import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Count, Token } from '../scalars.ts';

export const hostStop = defineMethod({
  name: 'host.stop',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Aborts the running and waiting requests of the sessions named; the sessions themselves go on.',
  params: v.strictObject({ tokens: v.pipe(v.array(Token), v.maxLength(1024)) }),
  result: v.strictObject({ aborted: Count }),
});
