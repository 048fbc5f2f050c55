import type { PassedTier } from '../../../src/protocol/model.ts';
import type { Backend } from '../../../src/protocol/scalars.ts';
import type { Settings } from '../../../src/protocol/settings.ts';
import type { Capabilities } from '../../device/capabilities.ts';

/** Builds of the runtime: WebGPU with promise integration, WebGPU by rewriting, and the processor alone. */
export const TIERS = ['jspi', 'asyncify', 'wasm'] as const;
export type Tier = (typeof TIERS)[number];

export const TIER_BACKENDS: Record<Tier, Backend> = { jspi: 'REAL_WEBGPU', asyncify: 'REAL_WEBGPU', wasm: 'REAL_WASM' };
export const TIER_LABELS: Record<Tier, string> = {
  jspi: 'jspi/webgpu',
  asyncify: 'asyncify/webgpu',
  wasm: 'wasm/cpu',
};

/** Which tiers to try, best first, and why the others are not worth a try. */
export function planTiers(
  wanted: Settings['backend'],
  capabilities: Capabilities,
): { readonly tiers: readonly Tier[]; readonly passedOver: readonly PassedTier[] } {
  const judged = TIERS.map((tier) => ({ tier, reason: reasonAgainst(tier, wanted, capabilities) }));
  return {
    tiers: judged.filter(({ reason }) => reason === undefined).map(({ tier }) => tier),
    passedOver: judged.flatMap(({ tier, reason }) => (reason ? [{ tier: TIER_LABELS[tier], reason }] : [])),
  };
}

function reasonAgainst(
  tier: Tier,
  wanted: Settings['backend'],
  { tiers, gpu, wasm }: Capabilities,
): string | undefined {
  const backend = tier === 'wasm' ? 'wasm' : 'webgpu';
  if (wanted !== 'auto' && wanted !== backend) return `The settings ask for ${wanted}.`;
  if (!wasm.simd) return 'WebAssembly has no SIMD here.';
  if (backend === 'webgpu' && !tiers.includes('webgpu')) return 'No graphics adapter answered.';
  if (backend === 'webgpu' && wanted === 'auto' && gpu?.software) {
    return 'The graphics adapter is a software one: slower here than WebAssembly.';
  }
  if (tier === 'jspi' && !wasm.jspi) return 'WebAssembly cannot wait for promises here.';
  return undefined;
}
