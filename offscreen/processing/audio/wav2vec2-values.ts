import * as v from 'valibot';
import { parseFields, Size } from '../../graphs/config-fields.ts';
import type { Features } from './features.ts';

const Config = v.object({
  sampling_rate: v.pipe(Size, v.maxValue(768_000)),
  do_normalize: v.boolean(),
  feature_size: v.literal(1),
  padding_side: v.optional(v.picklist(['left', 'right']), 'right'),
  padding_value: v.optional(v.pipe(v.number(), v.finite()), 0),
  return_attention_mask: v.optional(v.boolean(), false),
});

/** Keeps silence from being divided by nothing. */
const EPSILON = 1e-7;

export interface Wav2Vec2Values {
  /** Hz. */
  readonly rate: number;
  /**
   * Recordings at the model's rate, padded to the longest one: [recordings, samples]. `attentionMask` of the same shape is 1 at
   * samples and 0 at padding; it is undefined for models that are to see padding as silence.
   */
  prepare(
    recordings: readonly Float32Array[],
  ): Features & { readonly attentionMask: BigInt64Array<ArrayBuffer> | undefined };
}

/**
 * The input of wav2vec 2.0 (Baevski et al. 2020, arXiv:2006.11477): samples, brought to mean 0 and variance 1 for each recording.
 * Padding counts for mean and variance only where the model gets no mask, as in the Hugging Face class Wav2Vec2FeatureExtractor.
 *
 * @param preprocessorConfig preprocessor_config.json, parsed
 * @throws WebplatError `model-corrupt` that names the field which is missing or malformed
 */
export function createWav2Vec2Values(preprocessorConfig: unknown): Wav2Vec2Values {
  const config = parseFields(Config, preprocessorConfig, 'preprocessor_config.json');
  return {
    rate: config.sampling_rate,
    prepare(recordings) {
      const longest = recordings.reduce((length, samples) => Math.max(length, samples.length), 0);
      const data = new Float32Array(recordings.length * longest).fill(config.padding_value);
      const mask = config.return_attention_mask ? new BigInt64Array(data.length) : undefined;
      for (const [at, samples] of recordings.entries()) {
        const start = at * longest + (config.padding_side === 'left' ? longest - samples.length : 0);
        const own = data.subarray(start, start + samples.length);
        own.set(samples);
        mask?.fill(1n, start, start + samples.length);
        if (config.do_normalize) normalize(mask ? own : data.subarray(at * longest, (at + 1) * longest));
      }
      return { dims: [recordings.length, longest], data, attentionMask: mask };
    },
  };
}

/** Brings values to mean 0 and variance 1, in place. */
function normalize(values: Float32Array): void {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / values.length + EPSILON);
  for (let at = 0; at < values.length; at += 1) values[at] = ((values[at] as number) - mean) * scale;
}
