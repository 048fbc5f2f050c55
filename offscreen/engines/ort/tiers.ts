import { type Hardware, REAL_BACKENDS } from '../../../src/protocol/hardware.ts';
import type { BackendName } from '../../../src/protocol/hardware-names.ts';
import type { PassedTier } from '../../../src/protocol/model.ts';
import type { Backend } from '../../../src/protocol/scalars.ts';
import type { Settings } from '../../../src/protocol/settings.ts';
import type { Capabilities } from '../../device/capabilities.ts';

/** Builds of the runtime: WebGPU with promise integration, WebGPU by rewriting, and the processor alone. */
export const TIERS = ['jspi', 'asyncify', 'wasm'] as const;
export type Tier = (typeof TIERS)[number];

const TIER_NAMES: Record<Tier, BackendName> = { jspi: 'webgpu', asyncify: 'webgpu', wasm: 'wasm' };
export const TIER_BACKENDS: Record<Tier, Backend> = {
  jspi: REAL_BACKENDS[TIER_NAMES.jspi],
  asyncify: REAL_BACKENDS[TIER_NAMES.asyncify],
  wasm: REAL_BACKENDS[TIER_NAMES.wasm],
};
export const TIER_LABELS: Record<Tier, string> = {
  jspi: 'jspi/webgpu',
  asyncify: 'asyncify/webgpu',
  wasm: 'wasm/cpu',
};

/** Which tiers to try, best first, and why the others are not worth a try. */
export function planTiers(
  wanted: Settings['backend'],
  capabilities: Capabilities,
  hardware: Hardware = {},
): { readonly tiers: readonly Tier[]; readonly passedOver: readonly PassedTier[] } {
  const judged = TIERS.map((tier) => ({ tier, reason: reasonAgainst(tier, wanted, capabilities, hardware) }));
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
  { tiers, gpu, wasm }: Capabilities,
  { backends, precision }: Hardware,
): string | undefined {
  const backend = TIER_NAMES[tier];
  if (wanted !== 'auto' && wanted !== backend) return `The settings ask for ${wanted}.`;
  if (backends && !backends.includes(backend)) return `The request asks for ${backends.join(' or ')}.`;
  if (!wasm.simd) return 'WebAssembly has no SIMD here.';
  if (backend === 'webgpu' && !tiers.includes('webgpu')) return 'No graphics adapter answered.';
  if (precision === 'fp16' && backend === 'wasm') return 'WebAssembly does not compute in fp16.';
  if (precision === 'fp16' && !gpu?.features.includes('shader-f16')) return 'The graphics adapter has no fp16.';
  if (backend === 'webgpu' && wanted === 'auto' && !backends && gpu?.software) {
    return 'The graphics adapter is a software one: slower here than WebAssembly.';
  }
  if (tier === 'jspi' && !wasm.jspi) return 'WebAssembly cannot wait for promises here.';
  return undefined;
}
