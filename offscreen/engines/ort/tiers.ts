import { type Hardware, REAL_BACKENDS } from '../../../src/protocol/hardware.ts';
import type { BackendName } from '../../../src/protocol/hardware-names.ts';
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

/** What requests call a tier. */
const TIER_NAMES: Record<Tier, BackendName> = {
  jspi: 'webgpu',
  asyncify: 'webgpu',
  webnn: 'webnn',
  'webnn-gpu': 'webnn',
  'webnn-npu': 'webnn',
  wasm: 'wasm',
};
export const TIER_LABELS: Record<Tier, string> = {
  jspi: 'jspi/webgpu',
  asyncify: 'asyncify/webgpu',
  webnn: 'jspi/webnn-cpu',
  'webnn-gpu': 'jspi/webnn-gpu',
  'webnn-npu': 'jspi/webnn-npu',
  wasm: 'wasm/cpu',
};

export const backendOfTier = (tier: Tier): Backend => REAL_BACKENDS[TIER_NAMES[tier]];

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

/**
 * WebNN is young: it is taken where the settings or a request name it, on the processor where they do not say more, and never
 * passed over where nobody does.
 */
function isEligible(tier: Tier, wanted: Settings['backend'], { backends }: Hardware): boolean {
  if (!webnnDeviceOf(tier) || tier === wanted) return true;
  return tier === 'webnn' && wanted === 'auto' && backends?.includes('webnn') === true;
}

/** Which tiers to try, best first, and why the others are not worth a try. */
export function planTiers(
  wanted: Settings['backend'],
  capabilities: Capabilities,
  hardware: Hardware = {},
): { readonly tiers: readonly Tier[]; readonly passedOver: readonly PassedTier[] } {
  const eligible = TIERS.filter((tier) => isEligible(tier, wanted, hardware));
  const judged = eligible.map((tier) => ({ tier, reason: reasonAgainst(tier, wanted, capabilities, hardware) }));
  const rank = (tier: Tier) => hardware.backends?.indexOf(TIER_NAMES[tier]) ?? 0;
  const tiers = judged.filter(({ reason }) => reason === undefined).map(({ tier }) => tier);
  return {
    tiers: tiers.sort((a, b) => rank(a) - rank(b)),
    passedOver: judged.flatMap(({ tier, reason }) => (reason ? [{ tier: TIER_LABELS[tier], reason }] : [])),
  };
}

function reasonAgainst(
  tier: Tier,
  wanted: Settings['backend'],
  { tiers, gpu, wasm, webnn }: Capabilities,
  { backends, precision }: Hardware,
): string | undefined {
  const backend = TIER_NAMES[tier];
  const device = webnnDeviceOf(tier);
  if (wanted !== 'auto' && wanted !== (hasOwnDevice(tier) ? backend : tier)) return `The settings ask for ${wanted}.`;
  if (backends && !backends.includes(backend)) return `The request asks for ${backends.join(' or ')}.`;
  if (!wasm.simd) return 'WebAssembly has no SIMD here.';
  if (device && !webnn?.includes(device)) return `The browser opens no WebNN context for the ${device}.`;
  if (backend === 'webgpu' && !tiers.includes('webgpu')) return 'No graphics adapter answered.';
  if (precision !== undefined && precision !== 'fp32' && device) return 'WebNN takes weights in fp32 only.';
  if (precision === 'fp16' && backend === 'wasm') return 'WebAssembly does not compute in fp16.';
  if (precision === 'fp16' && !gpu?.features.includes('shader-f16')) return 'The graphics adapter has no fp16.';
  if (backend === 'webgpu' && wanted === 'auto' && !backends && gpu?.software) {
    return 'The graphics adapter is a software one: slower here than WebAssembly.';
  }
  if (tier !== 'asyncify' && tier !== 'wasm' && !wasm.jspi) return 'WebAssembly cannot wait for promises here.';
  return undefined;
}
