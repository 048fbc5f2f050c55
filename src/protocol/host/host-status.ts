import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ResidentModel } from '../model.ts';
import { Bytes, Count, DurationMs, ModelName, Token } from '../scalars.ts';

/** What the host is doing now; for the manager, the popup and the demo. */
export const HostStatus = v.strictObject({
  residents: v.array(ResidentModel),
  /** Loads finished since the host started. */
  modelLoads: Count,
  gpuBytes: Bytes,
  cpuBytes: Bytes,
  /** JavaScript heap of the host document and its workers, where the browser tells. */
  hostHeapBytes: v.optional(Bytes),
  /** Tiers that a probe found working: an adapter that answered, a module that compiled. */
  tiers: v.array(v.picklist(['webgpu', 'webnn', 'wasm'])),
  adapter: v.optional(v.pipe(v.string(), v.maxLength(128))),
  sessions: v.array(
    v.strictObject({
      token: Token,
      active: Count,
      calls: Count,
      tokens: Count,
      computeMs: DurationMs,
      residentBytes: Bytes,
      /** Models that it holds in memory. */
      models: v.array(ModelName),
    }),
  ),
});
export type HostStatus = v.InferOutput<typeof HostStatus>;

export const hostStatus = defineMethod({
  name: 'host.status',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Resident models, bytes, and what each session uses.',
  params: v.strictObject({}),
  result: HostStatus,
});
