import * as v from 'valibot';
import { corrupt, Positive, parseFields, Size } from '../../graphs/config-fields.ts';
import { type Draw, fuseViews } from './clap-fusion.ts';
import type { Features } from './features.ts';
import { type MelSetting, melFilters } from './mel-filters.ts';
import { createMelSpectrogram, frameCount, type MelSpectrogram } from './mel-spectrogram.ts';

const Hertz = v.pipe(v.number(), v.finite(), v.minValue(0));
const Config = v.object({
  feature_size: v.pipe(Size, v.maxValue(1024)),
  sampling_rate: v.pipe(Size, v.maxValue(768_000)),
  hop_length: Size,
  fft_window_size: v.pipe(Size, v.minValue(2), v.maxValue(65_536)),
  max_length_s: v.pipe(Positive, v.maxValue(600)),
  frequency_min: Hertz,
  frequency_max: Hertz,
  truncation: v.picklist(['rand_trunc', 'fusion']),
  padding: v.picklist(['repeat', 'repeatpad', 'pad']),
});
type Config = v.InferOutput<typeof Config>;

/** Energies count as at least this. */
const FLOOR = 1e-10;

export interface ClapFeatures {
  /** Hz. */
  readonly rate: number;
  /**
   * Levels in dB of recordings at the model's rate: [recordings, views, frames, bands]. With one view, `isLonger` says which had to
   * be cut; with four, which of them are more than four times the same.
   */
  extract(recordings: readonly Float32Array[]): Features & { readonly isLonger: readonly boolean[] };
}

/** Cuts in the middle, so that the same recording gives the same features. */
const MIDDLE: Draw = () => 0.5;

/**
 * The features of CLAP (Wu et al. 2022, arXiv:2211.06687, section 2.3): levels in dB of energies in mel bands. Short recordings are
 * repeated; of long ones a part is taken (`rand_trunc`), or the whole, shrunk, and a part of each third (`fusion`).
 *
 * @param preprocessorConfig preprocessor_config.json, parsed
 * @param draw chooses the parts, which training did by chance
 * @throws WebplatError `model-corrupt` that names the field which is missing or malformed
 */
export function createClapFeatures(preprocessorConfig: unknown, draw: Draw = MIDDLE): ClapFeatures {
  const config = parseFields(Config, preprocessorConfig, 'preprocessor_config.json');
  if (config.frequency_max <= config.frequency_min)
    throw corrupt('preprocessor_config.json has no band of frequencies.');
  const { feature_size: bands, sampling_rate: rate, hop_length: hop } = config;
  const wanted = Math.floor(config.max_length_s * rate);
  const frames = frameCount(wanted, hop);
  const fusion = config.truncation === 'fusion';
  const views = fusion ? 4 : 1;
  const spectrogram = createSpectrogram(config);
  const levels = (samples: Float32Array) => toDecibels(spectrogram(samples, frameCount(samples.length, hop)));

  const viewsOf = (samples: Float32Array): readonly Float32Array[] => {
    if (samples.length <= wanted)
      return new Array<Float32Array>(views).fill(levels(lengthen(samples, wanted, config.padding)));
    if (fusion) return fuseViews(levels(samples), bands, frames, draw);
    const start = Math.floor(draw() * (samples.length - wanted + 1));
    return [levels(samples.subarray(start, start + wanted))];
  };
  return {
    rate,
    extract(recordings) {
      const data = new Float32Array(recordings.length * views * frames * bands);
      for (const [at, samples] of recordings.entries()) {
        for (const [view, values] of viewsOf(samples).entries()) data.set(values, (at * views + view) * frames * bands);
      }
      const isLonger = recordings.map(({ length }) => length > wanted && (!fusion || frameCount(length, hop) > frames));
      // The model was trained on batches in which at least one recording is fused.
      if (fusion && !isLonger.includes(true)) isLonger[Math.floor(draw() * recordings.length)] = true;
      return { dims: [recordings.length, views, frames, bands], data, isLonger };
    },
  };
}

/** One view is heard in the scale of Slaney, several in that of HTK: so models of either kind were trained. */
function createSpectrogram(config: Config): MelSpectrogram {
  const scale: Pick<MelSetting, 'scale' | 'sameArea'> =
    config.truncation === 'fusion' ? { scale: 'htk', sameArea: false } : { scale: 'slaney', sameArea: true };
  const filters = melFilters({
    filters: config.feature_size,
    bins: Math.floor(config.fft_window_size / 2) + 1,
    rate: config.sampling_rate,
    lowestHz: config.frequency_min,
    highestHz: config.frequency_max,
    ...scale,
  });
  return createMelSpectrogram({ frame: config.fft_window_size, hop: config.hop_length, filters });
}

/** Repeats samples up to a length: in full and then in part, in full and then silence, or once and then silence. */
function lengthen(samples: Float32Array, length: number, how: Config['padding']): Float32Array {
  const result = new Float32Array(length);
  if (samples.length === 0) return result;
  const whole = Math.floor(length / samples.length);
  const times = { repeat: whole + 1, repeatpad: whole, pad: 1 }[how];
  for (let at = 0; at < times && at * samples.length < length; at += 1) {
    result.set(samples.subarray(0, length - at * samples.length), at * samples.length);
  }
  return result;
}

const toDecibels = (energies: Float64Array): Float32Array =>
  Float32Array.from(energies, (energy) => 10 * Math.log10(Math.max(energy, FLOOR)));
