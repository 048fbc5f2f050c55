import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { KeptId } from '../tensor.ts';

export const tensorRelease = defineMethod({
  name: 'tensor.release',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Forgets a tensor that `run` kept. Releasing twice is no error.',
  params: v.strictObject({ kept: KeptId }),
  result: v.strictObject({}),
});
