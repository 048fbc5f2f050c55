import { describe, expect, it } from 'vitest';
import { createRandom } from '../../tasks/random.ts';
import { createComplexFft } from './fft.ts';
import { createPowerSpectrum } from './power-spectrum.ts';

const random = createRandom(7);
const noise = (size: number) => Float64Array.from({ length: size }, () => 2 * random() - 1);

/** The definition, term by term. */
function transformOf(re: Float64Array, im: Float64Array, k: number): readonly [number, number] {
  let [sumRe, sumIm] = [0, 0];
  for (const [n, x] of re.entries()) {
    const angle = (-2 * Math.PI * ((n * k) % re.length)) / re.length;
    const y = im[n] ?? 0;
    sumRe += x * Math.cos(angle) - y * Math.sin(angle);
    sumIm += x * Math.sin(angle) + y * Math.cos(angle);
  }
  return [sumRe, sumIm];
}

describe('the Fourier transform', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 12, 16, 97, 100, 121, 200, 210, 400, 512])(
    'of size %i is what it is defined as',
    (size) => {
      const [re, im] = [noise(size), noise(size)];
      const transform = createComplexFft(size);
      const result = transform(re.slice(), im.slice());
      for (let k = 0; k < size; k += 1) {
        const [expectedRe, expectedIm] = transformOf(re, im, k);
        expect(Math.abs((result.re[k] ?? Number.NaN) - expectedRe)).toBeLessThan(1e-11);
        expect(Math.abs((result.im[k] ?? Number.NaN) - expectedIm)).toBeLessThan(1e-11);
      }
    },
  );

  it('can be used again', () => {
    const transform = createComplexFft(200);
    const [re, im] = [noise(200), noise(200)];
    const first = transform(re.slice(), im.slice()).re.slice();
    transform(noise(200), noise(200));
    expect(transform(re.slice(), im.slice()).re).toEqual(first);
  });
});

describe('the power spectrum', () => {
  it.each([1, 2, 3, 4, 6, 9, 25, 400, 401, 1024])('of %i samples is the square of the transform', (size) => {
    const samples = noise(size);
    const power = new Float64Array(Math.floor(size / 2) + 1);
    createPowerSpectrum(size)(samples, power);
    for (const [k, value] of power.entries()) {
      const [re, im] = transformOf(samples, new Float64Array(size), k);
      expect(Math.abs(value - (re ** 2 + im ** 2))).toBeLessThan(1e-10);
    }
  });
});
