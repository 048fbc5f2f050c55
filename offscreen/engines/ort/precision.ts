import type { Precision } from '../../graphs/graph.ts';
import type { ModelManifest } from '../../store/manifest.ts';
import type { Tier } from './tiers.ts';

/** Weights that take at most this much as float32 are not worth packing on the processor. */
const SMALL_BYTES = 64 * 2 ** 20;

/** Checkpoints store two bytes a weight; one that stores four is only overestimated. */
const FLOAT32_PER_STORED = 2;

/**
 * How a model's linear layers are stored where nobody chose. 4 bits on the graphics device, and on the processor for
 * models whose memory matters; small ones stay float32 there, because the runtime has no fast 4-bit product for the
 * processor and unpacks the matrix at every token (measured: 6 times slower).
 */
export function precisionFor(tier: Tier, { files }: Pick<ModelManifest, 'files'>): Precision {
  if (tier !== 'wasm') return 'q4';
  const stored = files.filter(({ path }) => path.endsWith('.safetensors')).reduce((sum, { bytes }) => sum + bytes, 0);
  return stored * FLOAT32_PER_STORED <= SMALL_BYTES ? 'fp32' : 'q4';
}
