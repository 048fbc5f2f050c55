import type { Precision } from '../../../src/protocol/hardware-names.ts';
import { EXACT_BYTES } from '../../graphs/graph.ts';
import { hasOwnDevice, type Tier, webnnDeviceOf } from './tiers.ts';

/** A component that takes at most this much as float32 is not worth packing on the processor. */
const SMALL_BYTES = 64 * 2 ** 20;

/**
 * How the linear layers of a component are stored where nobody chose. Decoders have 4 bits on the graphics device, and on the
 * processor where their memory matters; small ones stay float32 there, because the runtime has no fast 4-bit product for the
 * processor and unpacks the matrix at every token (measured: 6 times slower). What runs once a request stays float32, or
 * takes 8 bits where it is large. On WebNN everything stays float32: it takes no product with packed weights (measured with
 * asymmetric 4 bits: 15 of the 99 nodes of a small LLaMA are left to the processor, among them every linear layer).
 */
export function precisionFor(
  tier: Tier,
  { floatBytes, decodes }: { readonly floatBytes: number; readonly decodes: boolean },
): Precision {
  if (webnnDeviceOf(tier)) return 'fp32';
  if (!decodes) return floatBytes <= EXACT_BYTES ? 'fp32' : 'q8';
  return !hasOwnDevice(tier) && floatBytes <= SMALL_BYTES ? 'fp32' : 'q4';
}
