import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Origin } from '../scalars.ts';
import { SiteView } from './views.ts';

export const uiTab = defineMethod({
  name: 'ui.tab',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'The sites of one tab, for the popup: those with a session in it and the one whose page it shows.',
  params: v.strictObject({
    tabId: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    origin: v.optional(Origin),
  }),
  result: v.strictObject({ sites: v.array(SiteView) }),
});
