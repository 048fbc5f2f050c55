import { describe, expect, it } from 'vitest';
import { FAKE_SHAPE, makeFakeDecoder } from '../../test/support/fake-decoder.ts';
import { type BeamOptions, beamSearch } from './beam-search.ts';
import type { GraphEvents } from './graph.ts';

const END = 3;
const OPTIONS: BeamOptions = { maxNewTokens: 3, beams: 2, endIds: new Set([END]) };
const START = 0;

const events = (onCompute: (ms: number) => void = () => {}, signal = new AbortController().signal): GraphEvents => ({
  signal,
  onCompute,
});

/** Probabilities of tokens 0 to 3 after some texts; after all others, every token is as likely. */
const decoderOf = (probabilities: Readonly<Record<string, readonly number[]>>) =>
  makeFakeDecoder((tokens) => (probabilities[tokens.join(' ')] ?? [0.25, 0.25, 0.25, 0.25]).map(Math.log));

describe('beam search', () => {
  it('finds a text that greedy choices miss', async () => {
    const { decoder, opened } = decoderOf({
      '0': [0.01, 0.5, 0.48, 0.01],
      '0 1': [0.25, 0.25, 0.25, 0.25],
      '0 2': [0.01, 0.01, 0.97, 0.01],
    });
    const result = await beamSearch(decoder, { prompt: [START] }, { ...OPTIONS, maxNewTokens: 2 }, events());
    expect(result.tokens).toEqual([2, 2]);
    expect(result.score).toBeCloseTo((Math.log(0.48) + Math.log(0.97)) / 2, 6);
    expect(opened()).toBe(0);
  });

  it('gives every child what its parent has read, also where one parent has all', async () => {
    const { decoder, steps } = decoderOf({
      '0': [0.01, 0.6, 0.38, 0.01],
      '0 1': [0.01, 0.49, 0.49, 0.01],
      '0 2': [0.25, 0.25, 0.25, 0.25],
    });
    await beamSearch(decoder, { prompt: [START] }, OPTIONS, events());
    expect(steps).toEqual([[0], [0, 1], [0, 2], [0, 1, 1], [0, 1, 2]]);
  });

  it('keeps a text that ended, without the token that ends it, while others go on', async () => {
    const { decoder, steps } = decoderOf({
      '0': [0.04, 0.48, 0, 0.48],
      '0 1': [0.9, 0.05, 0.04, 0.01],
      '0 1 0': [0.9, 0.05, 0.04, 0.01],
    });
    const { tokens, score } = await beamSearch(decoder, { prompt: [START] }, OPTIONS, events());
    expect(tokens).toEqual([1, 0, 0]);
    const shorter = await beamSearch(decoder, { prompt: [START] }, { ...OPTIONS, lengthPenalty: 0 }, events());
    expect(shorter.tokens).toEqual([]);
    expect(shorter.score).toBeCloseTo(Math.log(0.48), 6);
    expect(score).toBeGreaterThan(Math.log(0.48));
    expect(steps.length).toBeGreaterThan(3);
  });

  it('ends as soon as there are as many texts as beams, where that is wanted', async () => {
    const likely = [0.01, 0.58, 0.01, 0.4];
    const table = { '0': likely, '0 1': likely, '0 1 1': likely, '0 1 1 1': likely };
    const steps = async (earlyStopping: boolean) => {
      const { decoder, steps } = decoderOf(table);
      await beamSearch(decoder, { prompt: [START] }, { ...OPTIONS, maxNewTokens: 4, earlyStopping }, events());
      return steps.length;
    };
    expect(await steps(true)).toBeLessThan(await steps(false));
  });

  it('reports time that grows, and stops between two steps', async () => {
    const { decoder, steps, opened } = decoderOf({});
    const abort = new AbortController();
    const times: number[] = [];
    const onCompute = (ms: number) => {
      times.push(ms);
      if (times.length === 2) abort.abort();
    };
    const result = beamSearch(decoder, { prompt: [START] }, OPTIONS, events(onCompute, abort.signal));
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    expect(times).toEqual([2, 4]);
    expect(steps).toHaveLength(2);
    expect(opened()).toBe(0);
  });

  it('refuses a prompt that fills the context, and stops where the context ends', async () => {
    const full = new Array<number>(FAKE_SHAPE.contextTokens).fill(START);
    const { decoder, opened } = decoderOf({});
    await expect(beamSearch(decoder, { prompt: full }, OPTIONS, events())).rejects.toMatchObject({
      code: 'context-overflow',
    });
    const { tokens } = await beamSearch(
      decoder,
      { prompt: full.slice(2) },
      { ...OPTIONS, endIds: new Set() },
      events(),
    );
    expect(tokens).toHaveLength(2);
    expect(opened()).toBe(0);
  });
});
