import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Settings } from '../settings.ts';

export const uiSettingsSet = defineMethod({
  name: 'ui.settings.set',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Replaces the settings.',
  params: Settings,
  result: v.strictObject({}),
});
