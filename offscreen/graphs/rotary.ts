import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { computed } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';

const Positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** `rope_scaling` of config.json: how positions are stretched beyond those that were trained. */
const RopeScaling = v.variant('rope_type', [
  v.object({ rope_type: v.literal('default') }),
  v.object({ rope_type: v.literal('linear'), factor: Positive }),
  v.object({
    rope_type: v.literal('llama3'),
    factor: Positive,
    low_freq_factor: Positive,
    high_freq_factor: Positive,
    original_max_position_embeddings: Positive,
  }),
]);
export type RopeScaling = v.InferOutput<typeof RopeScaling>;

/** @throws WebplatError `model-unsupported` for a kind of scaling that is not computed, `model-corrupt` for a damaged one. */
export function parseRopeScaling(json: unknown): RopeScaling {
  if (json === null || json === undefined) return { rope_type: 'default' };
  const fields = typeof json === 'object' ? (json as Record<string, unknown>) : {};
  // Older files call the field `type`.
  const kind = fields.rope_type ?? fields.type;
  const parsed = v.safeParse(RopeScaling, { ...fields, rope_type: kind });
  if (parsed.success) return parsed.output;
  const known = kind === 'default' || kind === 'linear' || kind === 'llama3';
  throw known
    ? new WebplatError('model-corrupt', undefined, { reason: 'rope_scaling is not valid.' })
    : new WebplatError('model-unsupported', undefined, { reason: `Rotary scaling ${String(kind).slice(0, 32)}.` });
}

export interface Rotary {
  readonly headSize: number;
  readonly theta: number;
  readonly scaling: RopeScaling;
  readonly positions: number;
}

/**
 * Tables [positions, headSize / 2] of cos and sin of position times theta^(-2i / headSize), the half-rotation layout of
 * Su et al. 2021 (arXiv:2104.09864).
 */
export function rotaryTables(g: GraphBuilder, rotary: Rotary): { readonly cos: Value; readonly sin: Value } {
  const half = rotary.headSize / 2;
  const table = (name: string, of: (angle: number) => number): Value => {
    const fill = () => {
      const values = new Float32Array(rotary.positions * half);
      const frequencies = frequenciesOf(rotary);
      for (let position = 0; position < rotary.positions; position += 1) {
        for (const [i, frequency] of frequencies.entries()) {
          // Rounded to float32 where the reference implementation rounds, so that long contexts turn by the same angle.
          values[position * half + i] = of(Math.fround(position * frequency));
        }
      }
      return values;
    };
    const [value] = g.weights(computed([rotary.positions, half], g.float, fill), [name]);
    if (!value) throw new GraphError('A recipe without a weight.');
    return value;
  };
  return { cos: table('rotary.cos', Math.cos), sin: table('rotary.sin', Math.sin) };
}

function frequenciesOf({ headSize, theta, scaling }: Rotary): number[] {
  return Array.from({ length: headSize / 2 }, (_, i) => {
    const frequency = Math.fround(1 / Math.fround(theta ** Math.fround((2 * i) / headSize)));
    return Math.fround(scaled(frequency, scaling));
  });
}

/** The stretching of Llama 3.1: slow frequencies by the whole factor, fast ones not at all, a ramp between. */
function scaled(frequency: number, scaling: RopeScaling): number {
  if (scaling.rope_type === 'default') return frequency;
  if (scaling.rope_type === 'linear') return frequency / scaling.factor;
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: trained } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength > trained / low) return frequency / factor;
  if (wavelength < trained / high) return frequency;
  const smooth = (trained / wavelength - low) / (high - low);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}
