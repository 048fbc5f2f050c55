import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { GrantedSites } from '../store.ts';

export const hostSites = defineMethod({
  name: 'host.sites',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Names the sites that hold a grant; references of any others to models on disk are dropped.',
  params: v.strictObject({ sites: GrantedSites }),
  result: v.strictObject({}),
});
