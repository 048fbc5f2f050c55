import type { PassedTier } from '../../../src/protocol/model.ts';
import type { Backend } from '../../../src/protocol/scalars.ts';
import type { Settings } from '../../../src/protocol/settings.ts';
import type { Capabilities } from '../../device/capabilities.ts';
import type { WebnnDevice } from '../../device/webnn.ts';

/**
 * Ways to run: WebGPU with promise integration, WebGPU by rewriting, WebNN on one of three kinds of device, and the processor
 * alone.
 */
export const TIERS = ['jspi', 'asyncify', 'webnn', 'webnn-gpu', 'webnn-npu', 'wasm'] as const;
export type Tier = (typeof TIERS)[number];

export const TIER_BACKENDS: Record<Tier, Backend> = {
  jspi: 'REAL_WEBGPU',
  asyncify: 'REAL_WEBGPU',
  webnn: 'REAL_WEBNN',
  'webnn-gpu': 'REAL_WEBNN',
  'webnn-npu': 'REAL_WEBNN',
  wasm: 'REAL_WASM',
};
export const TIER_LABELS: Record<Tier, string> = {
  jspi: 'jspi/webgpu',
  asyncify: 'asyncify/webgpu',
  webnn: 'jspi/webnn-cpu',
  'webnn-gpu': 'jspi/webnn-gpu',
  'webnn-npu': 'jspi/webnn-npu',
  wasm: 'wasm/cpu',
};

/** What WebNN is asked for, by tier. */
const WEBNN_TIERS: Readonly<Partial<Record<Tier, WebnnDevice>>> = {
  webnn: 'cpu',
  'webnn-gpu': 'gpu',
  'webnn-npu': 'npu',
};

/** The kind of device that a tier asks WebNN for; undefined for tiers without WebNN. */
export const webnnDeviceOf = (tier: Tier): WebnnDevice | undefined => WEBNN_TIERS[tier];

/** Whether a tier computes on a graphics device of ours, which caches stay on. */
export const hasOwnDevice = (tier: Tier): boolean => tier === 'jspi' || tier === 'asyncify';

/** Which tiers to try, best first, and why the others are not worth a try. */
export function planTiers(
  wanted: Settings['backend'],
  capabilities: Capabilities,
): { readonly tiers: readonly Tier[]; readonly passedOver: readonly PassedTier[] } {
  // WebNN is young: it is taken where somebody asks for it, and never passed over where nobody does.
  const eligible = TIERS.filter((tier) => !webnnDeviceOf(tier) || tier === wanted);
  const judged = eligible.map((tier) => ({ tier, reason: reasonAgainst(tier, wanted, capabilities) }));
  return {
    tiers: judged.filter(({ reason }) => reason === undefined).map(({ tier }) => tier),
    passedOver: judged.flatMap(({ tier, reason }) => (reason ? [{ tier: TIER_LABELS[tier], reason }] : [])),
  };
}

function reasonAgainst(
  tier: Tier,
  wanted: Settings['backend'],
  { tiers, gpu, wasm, webnn }: Capabilities,
): string | undefined {
  const device = webnnDeviceOf(tier);
  const backend = hasOwnDevice(tier) ? 'webgpu' : tier;
  if (wanted !== 'auto' && wanted !== backend) return `The settings ask for ${wanted}.`;
  if (!wasm.simd) return 'WebAssembly has no SIMD here.';
  if (device && !webnn?.includes(device)) return `The browser opens no WebNN context for the ${device}.`;
  if (backend === 'webgpu' && !tiers.includes('webgpu')) return 'No graphics adapter answered.';
  if (backend === 'webgpu' && wanted === 'auto' && gpu?.software) {
    return 'The graphics adapter is a software one: slower here than WebAssembly.';
  }
  if (tier !== 'asyncify' && tier !== 'wasm' && !wasm.jspi) return 'WebAssembly cannot wait for promises here.';
  return undefined;
}
