import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { HostStatus } from '../host/host-status.ts';
import { ModelCard } from '../model.ts';
import { ModelName } from '../scalars.ts';
import { Settings } from '../settings.ts';
import { SiteView } from './views.ts';

export const uiState = defineMethod({
  name: 'ui.state',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'All sites, models and settings, for the manager. `storeError` is set when stored permissions were unreadable and all were denied.',
  params: v.strictObject({}),
  result: v.strictObject({
    sites: v.array(SiteView),
    models: v.array(ModelCard),
    /** Models that are loaded when the browser starts. */
    pinned: v.array(ModelName),
    /** Absent while no host runs: then nothing is resident. */
    host: v.optional(HostStatus),
    settings: Settings,
    storeError: v.boolean(),
  }),
});
