import { createComplexFft } from './fft.ts';

/** Writes |X[k]|^2 of real samples [size] to [floor(size / 2) + 1]. The samples are kept. */
export type PowerSpectrum = (samples: Float64Array, power: Float64Array) => void;

/**
 * The power spectrum of real samples. An even size takes a complex transform of half of it: even samples are its real and odd ones
 * its imaginary parts, and both spectra are told apart by their symmetry (Press et al., Numerical Recipes, section 12.3).
 */
export function createPowerSpectrum(size: number): PowerSpectrum {
  return size % 2 === 0 ? ofEvenSize(size) : ofOddSize(size);
}

function ofOddSize(size: number): PowerSpectrum {
  const transform = createComplexFft(size);
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  return (samples, power) => {
    re.set(samples);
    im.fill(0);
    const result = transform(re, im);
    for (let k = 0; k < power.length; k += 1) power[k] = (result.re[k] as number) ** 2 + (result.im[k] as number) ** 2;
  };
}

function ofEvenSize(size: number): PowerSpectrum {
  const half = size / 2;
  const transform = createComplexFft(half);
  const [evens, odds] = [new Float64Array(half), new Float64Array(half)];
  const angle = (k: number) => (-2 * Math.PI * k) / size;
  const cos = Float64Array.from({ length: half + 1 }, (_, k) => Math.cos(angle(k)));
  const sin = Float64Array.from({ length: half + 1 }, (_, k) => Math.sin(angle(k)));
  return (samples, power) => {
    for (let k = 0; k < half; k += 1) {
      evens[k] = samples[2 * k] as number;
      odds[k] = samples[2 * k + 1] as number;
    }
    const { re, im } = transform(evens, odds);
    for (let k = 0; k <= half; k += 1) {
      const at = k % half;
      const mirror = (half - k) % half;
      const evenRe = ((re[at] as number) + (re[mirror] as number)) / 2;
      const evenIm = ((im[at] as number) - (im[mirror] as number)) / 2;
      const oddRe = ((im[at] as number) + (im[mirror] as number)) / 2;
      const oddIm = ((re[mirror] as number) - (re[at] as number)) / 2;
      const c = cos[k] as number;
      const s = sin[k] as number;
      power[k] = (evenRe + oddRe * c - oddIm * s) ** 2 + (evenIm + oddRe * s + oddIm * c) ** 2;
    }
  };
}
