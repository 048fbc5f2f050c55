import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Settings } from '../settings.ts';

export const hostSettings = defineMethod({
  name: 'host.settings',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Applies new settings; a lowered budget unloads idle models at once.',
  params: Settings,
  result: v.strictObject({}),
});
