import * as v from 'valibot';
import { defineMethod } from '../define.ts';

export const hostFiles = defineMethod({
  name: 'host.files',
  channel: 'bridge',
  from: ['background'],
  needs: 'nothing',
  doc: 'Hands the port of a page of the extension to the host, which answers one request of the `files` channel on it.',
  params: v.strictObject({}),
  result: v.strictObject({}),
});
