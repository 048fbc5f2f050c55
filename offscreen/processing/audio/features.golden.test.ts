import { describe, expect, it } from 'vitest';
import { fixtureJson } from '../../../test/support/fixture-json.ts';
import { type GoldenTensor, largestDifference, openGolden } from '../../../test/support/golden.ts';
import { readWav } from '../../../test/support/wav.ts';
import { createClapFeatures } from './clap-features.ts';
import type { Features } from './features.ts';
import { mixDown, modelSamples } from './sound.ts';
import { createWav2Vec2Values } from './wav2vec2-values.ts';
import { createWhisperFeatures } from './whisper-features.ts';

interface Case {
  readonly file: string;
  readonly samples: number;
  readonly outputs: Readonly<Record<string, GoldenTensor>> & { readonly is_longer?: boolean[][] };
  readonly waveform: string | GoldenTensor;
}

const whisper = createWhisperFeatures(await fixtureJson('whisper', 'preprocessor_config.json'));
const clap = createClapFeatures(await fixtureJson('clap', 'preprocessor_config.json'));
const wav2vec2 = createWav2Vec2Values(await fixtureJson('wav2vec2', 'preprocessor_config.json'));

const MODELS: readonly [string, number, string, (samples: Float32Array) => Features][] = [
  ['whisper', whisper.rate, 'input_features', (samples) => whisper.extract(samples)],
  ['clap', clap.rate, 'input_features', (samples) => clap.extract([samples])],
  ['wav2vec2', wav2vec2.rate, 'input_values', (samples) => wav2vec2.prepare([samples])],
];

/**
 * How far from the reference resampler's output samples may be. That one computes in float32 where a point lies between samples: an
 * error of 2^-24, times about 147 zero crossings a period, is one of 9e-6 zero crossings, under weights that add up to 1 and
 * change by less than their own size from one crossing to the next. The largest deviation seen is 2.7e-6, a twelfth of a 16-bit step.
 */
const RESAMPLING = 9e-6;

describe.each(MODELS)('the input of %s', async (model, rate, output, extract) => {
  const golden = await openGolden(model);
  const cases: readonly Case[] = golden.golden.preprocessing.cases;

  it.each(cases)('is computed from $file', async ({ file, samples, outputs, waveform }) => {
    const sound = await readWav(`${golden.folder}/${file}`);
    const own = modelSamples(sound, rate);
    expect(own).toHaveLength(samples);
    const reference = typeof waveform === 'string' ? mixDown(sound.channels) : await golden.floats(waveform);
    expect(largestDifference(own, reference)).toBeLessThan(RESAMPLING);

    const ref = outputs[output];
    if (!ref?.atol) throw new Error('The case has no output.');
    const features = extract(reference);
    expect(features.dims).toEqual(ref.pad_to ?? ref.shape);
    expect(largestDifference(features.data, await golden.floats(ref))).toBeLessThan(ref.atol);
  });

  it('is computed as well from samples that were resampled here', async () => {
    const last = cases.find(({ waveform }) => typeof waveform !== 'string');
    const ref = last?.outputs[output];
    if (!last || !ref?.atol) throw new Error('There is no recording at another rate.');
    const features = extract(modelSamples(await readWav(`${golden.folder}/${last.file}`), rate));
    expect(largestDifference(features.data, await golden.floats(ref))).toBeLessThan(ref.atol);
  });
});
