import { describe, expect, it } from 'vitest';
import { fixtureJson } from '../../../test/support/fixture-json.ts';
import { createRandom } from '../../tasks/random.ts';
import { createClapFeatures } from './clap-features.ts';
import { createWav2Vec2Values } from './wav2vec2-values.ts';
import { createWhisperFeatures } from './whisper-features.ts';

const configs = {
  whisper: await fixtureJson('whisper', 'preprocessor_config.json'),
  clap: await fixtureJson('clap', 'preprocessor_config.json'),
  wav2vec2: await fixtureJson('wav2vec2', 'preprocessor_config.json'),
};
const random = createRandom(11);
const noise = (length: number) => Float32Array.from({ length }, () => 2 * random() - 1);

describe('features of Whisper', () => {
  const whisper = createWhisperFeatures(configs.whisper);

  it('are those of the first window', () => {
    const samples = noise(whisper.windowSamples + 1000);
    expect(whisper.windowSamples).toBe(480_000);
    expect(whisper.extract(samples)).toEqual(whisper.extract(samples.subarray(0, whisper.windowSamples)));
  });

  it('are of 128 bands where the files say so', () => {
    const large = createWhisperFeatures({ ...configs.whisper, feature_size: 128 });
    const { dims, data } = large.extract(noise(16_000));
    expect(dims).toEqual([1, 128, 3000]);
    expect(data.every(Number.isFinite)).toBe(true);
  });

  it('are even in silence', () => {
    expect(new Set(whisper.extract(new Float32Array(0)).data)).toEqual(new Set([-1.5]));
  });

  it('lie within 2 of the loudest', () => {
    const { data } = whisper.extract(noise(8000));
    const [least, most] = [Math.min(...data.subarray(0, 60_000)), data.reduce((a, b) => Math.max(a, b))];
    expect(most - least).toBeLessThanOrEqual(2 + 1e-6);
  });
});

describe('features of CLAP', () => {
  const short = { ...configs.clap, max_length_s: 0.2 };
  const [wanted, frames, bands] = [9600, 21, configs.clap.feature_size];
  const fused = { ...short, truncation: 'fusion' };

  it('repeat a short recording as the files say', () => {
    const samples = noise(4000);
    const of = (padding: string) => createClapFeatures({ ...short, padding }).extract([samples]).data;
    const filled = new Float32Array(wanted);
    for (const at of [0, 4000]) filled.set(samples, at);
    const plain = createClapFeatures(short);
    expect(of('repeatpad')).toEqual(plain.extract([filled]).data);
    filled.set(samples.subarray(0, 1600), 8000);
    expect(of('repeat')).toEqual(plain.extract([filled]).data);
    filled.fill(0, 4000);
    expect(of('pad')).toEqual(plain.extract([filled]).data);
  });

  it('cut a long recording where they are told to, in the middle if not', () => {
    const samples = noise(wanted + 1000);
    const part = (start: number) => createClapFeatures(short).extract([samples.subarray(start, start + wanted)]).data;
    expect(createClapFeatures(short).extract([samples])).toMatchObject({ data: part(500), isLonger: [true] });
    expect(createClapFeatures(short, () => 0).extract([samples]).data).toEqual(part(0));
    expect(createClapFeatures(short, () => 0.999_999).extract([samples]).data).toEqual(part(1000));
  });

  it('show a long recording whole and in thirds when they are fused', () => {
    const samples = noise(3 * wanted);
    const { dims, data, isLonger } = createClapFeatures(fused, () => 0).extract([samples]);
    expect(dims).toEqual([1, 4, frames, bands]);
    expect(isLonger).toEqual([true]);
    // 61 frames have 41 places to start at: 14, 14 and 13.
    const view = (at: number) => data.subarray(at * frames * bands, (at + 1) * frames * bands);
    const all = createClapFeatures({ ...fused, max_length_s: 0.6 })
      .extract([samples])
      .data.subarray(0, 61 * bands);
    for (const [at, start] of [0, 14, 28].entries()) {
      expect(view(at + 1)).toEqual(all.subarray(start * bands, (start + frames) * bands));
    }
    // Frame 10 of 21 lies in the middle of all, at frame 30.
    expect(view(0).subarray(10 * bands, 11 * bands)).toEqual(all.subarray(30 * bands, 31 * bands));
  });

  it('show a short recording four times, and call one longer, when they are fused', () => {
    const { data, isLonger } = createClapFeatures(fused).extract([noise(wanted), noise(100)]);
    const size = frames * bands;
    for (const at of [1, 2, 3]) expect(data.subarray(at * size, (at + 1) * size)).toEqual(data.subarray(0, size));
    expect(isLonger).toEqual([false, true]);
  });

  it('are the floor in silence', () => {
    expect(new Set(createClapFeatures(short).extract([new Float32Array(10)]).data)).toEqual(new Set([-100]));
  });
});

describe('the input of wav2vec 2.0', () => {
  const [long, brief] = [noise(100), noise(60)];
  const moments = (values: Float32Array) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
  };

  it('has mean 0 and variance 1 in each recording, under a mask', () => {
    const { dims, data, attentionMask } = createWav2Vec2Values({
      ...configs.wav2vec2,
      return_attention_mask: true,
    }).prepare([long, brief]);
    expect(dims).toEqual([2, 100]);
    for (const own of [data.subarray(0, 100), data.subarray(100, 160)]) {
      const [mean = 1, variance = 0] = moments(own);
      expect(mean).toBeCloseTo(0, 6);
      expect(variance).toBeCloseTo(1, 5);
    }
    expect(data.subarray(160).every((value) => value === 0)).toBe(true);
    expect(attentionMask?.reduce((sum, value) => sum + value, 0n)).toBe(160n);
  });

  it('counts padding as silence where there is no mask', () => {
    const { data, attentionMask } = createWav2Vec2Values(configs.wav2vec2).prepare([long, brief]);
    expect(attentionMask).toBeUndefined();
    const [mean = 1, variance = 0] = moments(data.subarray(100));
    expect(mean).toBeCloseTo(0, 6);
    expect(variance).toBeCloseTo(1, 5);
  });

  it('is as it was where the files say so, padded on the left', () => {
    const config = { ...configs.wav2vec2, do_normalize: false, padding_side: 'left', padding_value: 0.5 };
    const { data } = createWav2Vec2Values(config).prepare([long, brief]);
    expect(data.subarray(140)).toEqual(brief);
    expect(new Set(data.subarray(100, 140))).toEqual(new Set([0.5]));
  });

  it('is 0 in silence', () => {
    expect(new Set(createWav2Vec2Values(configs.wav2vec2).prepare([new Float32Array(9)]).data)).toEqual(new Set([0]));
  });
});

describe('preprocessor_config.json', () => {
  const CREATORS = { whisper: createWhisperFeatures, clap: createClapFeatures, wav2vec2: createWav2Vec2Values };
  it.each<[keyof typeof CREATORS, string, unknown]>([
    ['whisper', 'n_fft', undefined],
    ['whisper', 'hop_length', 0],
    ['whisper', 'chunk_length', -1],
    ['clap', 'truncation', 'never'],
    ['clap', 'frequency_max', undefined],
    ['clap', 'max_length_s', 1e9],
    ['wav2vec2', 'do_normalize', undefined],
    ['wav2vec2', 'feature_size', 2],
  ])('of %s is refused when %s is %s', (model, field, value) => {
    const error = expect.objectContaining({ code: 'model-corrupt', data: { reason: expect.stringContaining(field) } });
    expect(() => CREATORS[model]({ ...configs[model], [field]: value })).toThrow(error);
  });

  it('is refused when it is missing, or has no band', () => {
    expect(() => createWhisperFeatures(undefined)).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
    expect(() => createClapFeatures({ ...configs.clap, frequency_max: 50 })).toThrow(
      expect.objectContaining({ code: 'model-corrupt' }),
    );
  });
});
