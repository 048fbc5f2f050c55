import type { MelFilter } from './mel-filters.ts';
import { createPowerSpectrum } from './power-spectrum.ts';

export interface SpectrogramSetting {
  /** Samples of a frame. */
  readonly frame: number;
  /** Samples from one frame to the next. */
  readonly hop: number;
  readonly filters: readonly MelFilter[];
}

/**
 * Computes the energy in each mel band of each of the first `frames` frames: [frames, filters], float64. A frame is centred on its
 * sample under a periodic Hann window; before the first and after the last sample the recording is mirrored.
 */
export type MelSpectrogram = (samples: Float32Array, frames: number) => Float64Array<ArrayBuffer>;

/** Frames of so many samples, the last one centred on their end. */
export const frameCount = (samples: number, hop: number): number => 1 + Math.floor(samples / hop);

/** Window, twiddle factors and filters are computed once here. */
export function createMelSpectrogram({ frame, hop, filters }: SpectrogramSetting): MelSpectrogram {
  const window = Float64Array.from({ length: frame }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / frame));
  const spectrum = createPowerSpectrum(frame);
  const [windowed, power] = [new Float64Array(frame), new Float64Array(Math.floor(frame / 2) + 1)];
  const half = Math.floor(frame / 2);

  /** Fills the windowed frame; answers whether there is any sound in it. */
  const cut = (samples: Float32Array, start: number): boolean => {
    const inside = start >= 0 && start + frame <= samples.length;
    let sounds = false;
    for (let at = 0; at < frame; at += 1) {
      const sample = samples[inside ? start + at : mirrored(start + at, samples.length)] as number;
      sounds ||= sample !== 0;
      windowed[at] = sample * (window[at] as number);
    }
    return sounds;
  };
  return (samples, frames) => {
    const energies = new Float64Array(frames * filters.length);
    for (let at = 0; at < frames; at += 1) {
      // Padding is silent: it has no energy in any band.
      if (!cut(samples, at * hop - half)) continue;
      spectrum(windowed, power);
      applyFilters(filters, power, energies, at * filters.length);
    }
    return energies;
  };
}

function applyFilters(filters: readonly MelFilter[], power: Float64Array, energies: Float64Array, start: number): void {
  for (let band = 0; band < filters.length; band += 1) {
    const { first, weights } = filters[band] as MelFilter;
    let sum = 0;
    for (let at = 0; at < weights.length; at += 1) sum += (weights[at] as number) * (power[first + at] as number);
    energies[start + band] = sum;
  }
}

/** An index that runs back and forth within a length, without repeating its ends. */
function mirrored(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const at = ((index % period) + period) % period;
  return at < length ? at : period - at;
}
