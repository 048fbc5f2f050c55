import * as v from 'valibot';
import { Positive, parseFields, Size } from '../../graphs/config-fields.ts';
import type { Features } from './features.ts';
import { melFilters } from './mel-filters.ts';
import { createMelSpectrogram, frameCount } from './mel-spectrogram.ts';

const Config = v.object({
  feature_size: v.pipe(Size, v.maxValue(1024)),
  sampling_rate: v.pipe(Size, v.maxValue(768_000)),
  hop_length: Size,
  n_fft: v.pipe(Size, v.minValue(2), v.maxValue(65_536)),
  chunk_length: v.pipe(Positive, v.maxValue(600)),
  padding_value: v.optional(v.pipe(v.number(), v.finite()), 0),
});

/** Filters end here, whatever the rate. */
const HIGHEST_HZ = 8000;
/** Energies count as at least this. */
const FLOOR = 1e-10;
/** What is so many powers of ten below the loudest is raised to that. */
const RANGE = 8;

/** Turns samples at the model's rate into what the encoder takes. */
export interface WhisperFeatures {
  /** Hz. */
  readonly rate: number;
  /** Samples of one window, which the encoder sees at once. */
  readonly windowSamples: number;
  /** Log-mel energies [1, bands, frames] of the first window of the samples; what is missing in it is silence. */
  extract(samples: Float32Array): Features;
}

/**
 * The features of Whisper (Radford et al. 2022, arXiv:2212.04356, section 2.2): the logarithm of energies in bands of Slaney's mel
 * scale, limited to 8 powers of ten below the loudest one, scaled to about -1 to 1 by (x + 4) / 4.
 *
 * @param preprocessorConfig preprocessor_config.json, parsed
 * @throws WebplatError `model-corrupt` that names the field which is missing or malformed
 */
export function createWhisperFeatures(preprocessorConfig: unknown): WhisperFeatures {
  const config = parseFields(Config, preprocessorConfig, 'preprocessor_config.json');
  const { feature_size: bands, sampling_rate: rate, hop_length: hop, n_fft: frame } = config;
  const windowSamples = Math.floor(config.chunk_length * rate);
  const filters = melFilters({
    filters: bands,
    bins: Math.floor(frame / 2) + 1,
    rate,
    lowestHz: 0,
    highestHz: HIGHEST_HZ,
    scale: 'slaney',
    sameArea: true,
  });
  const spectrogram = createMelSpectrogram({ frame, hop, filters });
  // The last frame, centred on the end, is dropped.
  const frames = frameCount(windowSamples, hop) - 1;
  return {
    rate,
    windowSamples,
    extract(samples) {
      const window = new Float32Array(windowSamples).fill(config.padding_value);
      window.set(samples.subarray(0, windowSamples));
      return { dims: [1, bands, frames], data: logMel(spectrogram(window, frames), frames, bands) };
    },
  };
}

/** From energies [frames, bands] to features [bands, frames]. */
function logMel(energies: Float64Array, frames: number, bands: number): Float32Array<ArrayBuffer> {
  let loudest = FLOOR;
  for (const energy of energies) if (energy > loudest) loudest = energy;
  const lowest = Math.max(Math.log10(loudest) - RANGE, Math.log10(FLOOR));
  const silence = 10 ** lowest;
  const features = new Float32Array(energies.length);
  for (let frame = 0; frame < frames; frame += 1) {
    for (let band = 0; band < bands; band += 1) {
      const energy = energies[frame * bands + band] as number;
      const level = energy <= silence ? lowest : Math.log10(energy);
      features[band * frames + frame] = (level + 4) / 4;
    }
  }
  return features;
}
