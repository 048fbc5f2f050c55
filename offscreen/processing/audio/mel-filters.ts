/** How pitch grows with frequency: the formula of HTK, or that of Slaney's Auditory Toolbox, which is linear below 1000 Hz. */
export type MelScale = 'htk' | 'slaney';

export interface MelSetting {
  readonly filters: number;
  /** Bins of the spectrum, evenly spaced from 0 Hz to half of the rate. */
  readonly bins: number;
  readonly rate: number;
  readonly lowestHz: number;
  readonly highestHz: number;
  readonly scale: MelScale;
  /** Gives all filters the same area (Slaney); else the same height of 1. */
  readonly sameArea: boolean;
}

/** A triangle over bins: `weights[i]` is that of bin `first + i`. */
export interface MelFilter {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Triangular filters whose corners are evenly spaced in pitch (Davis and Mermelstein 1980), as librosa and the Hugging Face function
 * `mel_filter_bank` make them.
 */
export function melFilters(setting: MelSetting): MelFilter[] {
  const { filters, bins, rate, lowestHz, highestHz, scale, sameArea } = setting;
  const [lowest, highest] = [toMel(lowestHz, scale), toMel(highestHz, scale)];
  const corner = (at: number) => toHz(lowest + ((highest - lowest) * at) / (filters + 1), scale);
  const hzOf = (bin: number) => (Math.floor(rate / 2) * bin) / (bins - 1);
  return Array.from({ length: filters }, (_, at) => {
    const [left, top, right] = [corner(at), corner(at + 1), corner(at + 2)];
    const height = sameArea ? 2 / (right - left) : 1;
    const weight = (bin: number) => {
      const hz = hzOf(bin);
      return height * Math.max(0, Math.min((hz - left) / (top - left), (right - hz) / (right - top)));
    };
    const inside = Array.from({ length: bins }, (_, bin) => bin).filter((bin) => weight(bin) > 0);
    return { first: inside[0] ?? 0, weights: Float64Array.from(inside, weight) };
  });
}

/** Slaney's scale: 15 mel below 1000 Hz, 27 more for each factor of 6.4 above. */
const [SLANEY_HZ, SLANEY_MEL, SLANEY_STEP] = [1000, 15, Math.log(6.4) / 27];

function toMel(hz: number, scale: MelScale): number {
  if (scale === 'htk') return 2595 * Math.log10(1 + hz / 700);
  return hz < SLANEY_HZ ? (hz * SLANEY_MEL) / SLANEY_HZ : SLANEY_MEL + Math.log(hz / SLANEY_HZ) / SLANEY_STEP;
}

function toHz(mel: number, scale: MelScale): number {
  if (scale === 'htk') return 700 * (10 ** (mel / 2595) - 1);
  return mel < SLANEY_MEL ? (mel * SLANEY_HZ) / SLANEY_MEL : SLANEY_HZ * Math.exp((mel - SLANEY_MEL) * SLANEY_STEP);
}
