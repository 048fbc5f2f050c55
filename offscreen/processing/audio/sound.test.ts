import { describe, expect, it } from 'vitest';
import { resample } from './resample.ts';
import { mixDown, modelSamples, type Sound } from './sound.ts';

const tone = (hz: number, rate: number, length: number) =>
  Float32Array.from({ length }, (_, at) => Math.sin((2 * Math.PI * hz * at) / rate));
const energy = (samples: Float32Array) => samples.reduce((sum, value) => sum + value ** 2, 0) / samples.length;

describe('resampling', () => {
  it.each([
    [44_100, 16_000],
    [8_000, 16_000],
    [48_000, 44_100],
    [11_025, 48_000],
    [44_099, 16_000],
  ])('keeps a tone from %i to %i Hz', (from, to) => {
    const result = resample(tone(440, from, from / 5), from, to);
    expect(result).toHaveLength(Math.ceil((Math.floor(from / 5) * to) / from));
    const inner = result.subarray(200, -200);
    const expected = tone(440, to, result.length).subarray(200, -200);
    // The passband of a Hann-windowed sinc of 6 zero crossings is flat to within a thousandth or two.
    expect(Math.max(...inner.map((value, at) => Math.abs(value - (expected[at] ?? 0))))).toBeLessThan(2e-3);
  });

  it('keeps out what the lower rate cannot hold', () => {
    const result = resample(tone(15_000, 48_000, 9600), 48_000, 16_000);
    expect(energy(result.subarray(100, -100))).toBeLessThan(1e-5);
  });

  it('copies samples that are at the right rate', () => {
    const samples = Float32Array.of(1, 2, 3);
    const copy = resample(samples, 16_000, 16_000);
    expect(copy).toEqual(samples);
    expect(copy).not.toBe(samples);
  });

  it('takes a single sample', () => {
    expect(resample(Float32Array.of(0.5), 48_000, 16_000)).toHaveLength(1);
    expect(resample(Float32Array.of(0.5), 8_000, 16_000)).toHaveLength(2);
  });
});

describe('samples for a model', () => {
  it('are the mean of all channels', () => {
    expect(mixDown([Float32Array.of(1, 0.5), Float32Array.of(0, -0.5)])).toEqual(Float32Array.of(0.5, 0));
    expect(modelSamples({ channels: [Float32Array.of(0.25)], rate: 16_000 }, 16_000)).toEqual(Float32Array.of(0.25));
  });

  it.each<[string, Sound, RegExp]>([
    ['no channel', { channels: [], rate: 16_000 }, /no samples/],
    ['no samples', { channels: [new Float32Array(0)], rate: 16_000 }, /no samples/],
    [
      'channels of different lengths',
      { channels: [new Float32Array(2), new Float32Array(3)], rate: 16_000 },
      /one length/,
    ],
    [
      'too many channels',
      { channels: Array.from({ length: 33 }, () => new Float32Array(1)), rate: 16_000 },
      /32 channels/,
    ],
    ['NaN', { channels: [Float32Array.of(0, Number.NaN)], rate: 16_000 }, /NaN/],
    ['infinity', { channels: [Float32Array.of(Number.NEGATIVE_INFINITY)], rate: 16_000 }, /infinite/],
    ['no rate', { channels: [new Float32Array(1)], rate: 0 }, /rate/],
    ['a rate that is no number', { channels: [new Float32Array(1)], rate: Number.NaN }, /rate/],
    ['a rate of parts of Hz', { channels: [new Float32Array(1)], rate: 16_000.5 }, /rate/],
    ['an absurd rate', { channels: [new Float32Array(1)], rate: 1e9 }, /3000 to 768000/],
  ])('are refused with %s', (_what, sound, message) => {
    expect(() => modelSamples(sound, 16_000)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
    expect(() => modelSamples(sound, 16_000)).toThrow(message);
  });
});
