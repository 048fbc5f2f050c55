import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { CaveatValues } from '../grant.ts';
import { Token } from '../scalars.ts';

export const uiGrantUpdate = defineMethod({
  name: 'ui.grant.update',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Replaces the caveats of a grant with what the user edited. Running requests that no longer fit are aborted.',
  params: v.strictObject({ id: Token, caveats: CaveatValues }),
  result: v.strictObject({ updated: v.boolean() }),
});
