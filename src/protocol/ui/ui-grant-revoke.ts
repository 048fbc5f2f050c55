import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Count, Token } from '../scalars.ts';

export const uiGrantRevoke = defineMethod({
  name: 'ui.grant.revoke',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Withdraws the grants named, or every grant when none is named with `all: true`. Running work of their sites is aborted.',
  params: v.variant('all', [
    v.strictObject({ all: v.literal(false), ids: v.pipe(v.array(Token), v.minLength(1), v.maxLength(1024)) }),
    v.strictObject({ all: v.literal(true) }),
  ]),
  result: v.strictObject({ revoked: Count }),
});
