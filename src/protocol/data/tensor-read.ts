import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { KeptId, WireTensor } from '../tensor.ts';

export const tensorRead = defineMethod({
  name: 'tensor.read',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Answers a copy of a tensor that `run` kept.',
  params: v.strictObject({ kept: KeptId }),
  result: v.strictObject({ tensor: WireTensor }),
});
