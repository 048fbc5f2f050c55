import { describe, expect, it } from 'vitest';
import { type MelSetting, melFilters } from './mel-filters.ts';
import { createMelSpectrogram, frameCount } from './mel-spectrogram.ts';

const WHISPER: MelSetting = {
  filters: 80,
  bins: 201,
  rate: 16_000,
  lowestHz: 0,
  highestHz: 8000,
  scale: 'slaney',
  sameArea: true,
};

describe('mel filters', () => {
  it('have the weights that librosa gives', () => {
    // The first value of librosa.filters.mel(sr=16000, n_fft=400, n_mels=80) that is not 0.
    const filters = melFilters(WHISPER);
    expect(filters[0]?.first).toBe(1);
    expect(filters[0]?.weights[0]).toBeCloseTo(0.02486259, 7);
    // Under a triangle of area 1, with a bin every 40 Hz.
    const area = Array.from(filters[79]?.weights ?? []).reduce((sum, weight) => sum + weight * 40, 0);
    expect(Math.abs(area - 1)).toBeLessThan(0.01);
  });

  it('are of height 1 and meet at their tops in the scale of HTK', () => {
    const filters = melFilters({ ...WHISPER, filters: 8, bins: 8001, scale: 'htk', sameArea: false });
    for (const [at, { first, weights }] of filters.entries()) {
      const top = first + weights.indexOf(Math.max(...weights));
      expect(Math.max(...weights)).toBeGreaterThan(0.99);
      const next = filters[at + 1];
      if (next) expect(Math.abs(next.first - top)).toBeLessThanOrEqual(1);
    }
  });

  it('are empty where no bin lies between their corners', () => {
    const filters = melFilters({ ...WHISPER, bins: 5 });
    expect(filters[0]?.weights).toHaveLength(0);
  });
});

describe('the mel spectrogram', () => {
  const [frame, hop] = [400, 160];
  const spectrogram = createMelSpectrogram({ frame, hop, filters: melFilters(WHISPER) });
  const tone = (hz: number, length: number) =>
    Float32Array.from({ length }, (_, at) => Math.sin((2 * Math.PI * hz * at) / WHISPER.rate));

  it.each([300, 1000, 4000])('is loudest in the band of a tone of %i Hz', (hz) => {
    const energies = spectrogram(tone(hz, 1600), 5).subarray(3 * 80, 4 * 80);
    const filters = melFilters(WHISPER);
    const { first = 0, weights = [] } = filters[energies.indexOf(Math.max(...energies))] ?? {};
    const bin = (hz / WHISPER.rate) * frame;
    expect(bin).toBeGreaterThanOrEqual(first - 1);
    expect(bin).toBeLessThanOrEqual(first + weights.length);
  });

  it('mirrors a recording at its ends', () => {
    const samples = tone(500, 800);
    const padded = new Float32Array(1200);
    for (let at = -200; at < 1000; at += 1) {
      padded[at + 200] = samples[at < 0 ? -at : at < 800 ? at : 2 * 799 - at] ?? 0;
    }
    const whole = createMelSpectrogram({ frame, hop: 1, filters: melFilters(WHISPER) })(padded, 1001);
    const own = spectrogram(samples, frameCount(800, hop));
    for (let at = 0; at < 6; at += 1) {
      expect(own.subarray(at * 80, (at + 1) * 80)).toEqual(
        whole.subarray((200 + at * hop) * 80, (201 + at * hop) * 80),
      );
    }
  });

  it('has no energy in silence, and takes a single sample', () => {
    expect(spectrogram(new Float32Array(1000), 3).every((energy) => energy === 0)).toBe(true);
    expect(spectrogram(Float32Array.of(0.5), 1).every(Number.isFinite)).toBe(true);
  });
});
