import { describe, expect, it } from 'vitest';
import type { GenerationOptions } from '../../src/protocol/generation.ts';
import type { TextTokenizer } from '../processing/text/text-tokenizer.ts';
import type { Decoder } from './decoder.ts';
import { generateText } from './text-generation.ts';

const END = 256;
const CONTEXT = 64;

/** One token a byte, and one that ends. */
const tokenizer: TextTokenizer = {
  encode: (input) => [...new TextEncoder().encode(typeof input === 'string' ? input : JSON.stringify(input))],
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids.filter((id) => id !== END))),
  endIds: new Set([END]),
};

/** A decoder that says `answer` whatever it was asked, and keeps count of its sequences. */
function makeDecoder(answer: string, onStep: (step: number) => void = () => {}) {
  const ids = [...new TextEncoder().encode(answer), END];
  const state = { open: 0, inputs: [] as number[][] };
  const decoder: Decoder = {
    shape: { hidden: 8, layers: 1, keyValueHeads: 1, headSize: 2, vocabularySize: 257, contextTokens: CONTEXT },
    maxSequences: 1,
    openAll: async () => [await decoder.open()],
    async open() {
      state.open += 1;
      let step = 0;
      let length = 0;
      return {
        get length() {
          return length;
        },
        async advance(tokens) {
          onStep(step);
          state.inputs.push([...tokens]);
          length += tokens.length;
          const logits = new Float32Array(257);
          logits[ids[step] ?? END] = 1;
          step += 1;
          return { logits, computeMs: 2 };
        },
        copyFrom() {},
        close() {
          state.open -= 1;
        },
      };
    },
  };
  return { decoder, state };
}

async function generate(
  answer: string,
  { input = 'hi', maxNewTokens = 50, options = {} as GenerationOptions, signal = new AbortController().signal } = {},
) {
  const { decoder, state } = makeDecoder(answer);
  const chunks: { text: string; tokens: number }[] = [];
  const compute: number[] = [];
  const outcome = await generateText(
    decoder,
    tokenizer,
    { input, options, maxNewTokens },
    { signal, onText: (chunk) => chunks.push(chunk), onCompute: (ms) => compute.push(ms) },
  );
  return { outcome, chunks, compute, state };
}

describe('text generation', () => {
  it('streams until the end token', async () => {
    const { outcome, chunks, compute, state } = await generate('abc');
    expect(chunks.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    expect(outcome).toEqual({ text: 'abc', finishReason: 'end', inputTokens: 2, outputTokens: 3, computeMs: 8 });
    expect(compute).toEqual([2, 4, 6, 8]);
    expect(state.inputs).toEqual([[104, 105], [97], [98], [99]]);
    expect(state.open).toBe(0);
  });

  it('never says half a character, and counts all tokens of what it says', async () => {
    const { chunks } = await generate('é🎉');
    expect(chunks).toEqual([
      { text: 'é', tokens: 2 },
      { text: '🎉', tokens: 4 },
    ]);
  });

  it('ends at the wanted number of tokens', async () => {
    const { outcome, state } = await generate('abcdef', { maxNewTokens: 2 });
    expect(outcome).toMatchObject({ text: 'ab', finishReason: 'length', outputTokens: 2 });
    expect(state.inputs).toHaveLength(2);
  });

  it('says what a limit cut off in the middle of a character', async () => {
    const { outcome } = await generate('€', { maxNewTokens: 2 });
    expect(outcome).toMatchObject({ text: '\u{fffd}', finishReason: 'length' });
  });

  it('ends at a stop string split over tokens, without saying any of it', async () => {
    const { outcome, chunks } = await generate('one STOP two', { options: { stop: ['STOP'] } });
    expect(outcome).toMatchObject({ text: 'one ', finishReason: 'stop-string', outputTokens: 8 });
    expect(chunks.map(({ text }) => text).join('')).toBe('one ');
  });

  it('says what only looked like a stop string', async () => {
    const { outcome } = await generate('one STO', { options: { stop: ['STOP'] } });
    expect(outcome).toMatchObject({ text: 'one STO', finishReason: 'end' });
  });

  it('ends with the context', async () => {
    const { outcome } = await generate('x'.repeat(100), { input: 'p'.repeat(60) });
    expect(outcome).toMatchObject({ text: 'xxxx', finishReason: 'length', outputTokens: 4 });
  });

  it('refuses a prompt that fills the context, before anything runs', async () => {
    const { decoder, state } = makeDecoder('');
    const events = { signal: new AbortController().signal, onText: () => {}, onCompute: () => {} };
    const request = { input: 'p'.repeat(CONTEXT), options: {}, maxNewTokens: 1 };
    await expect(generateText(decoder, tokenizer, request, events)).rejects.toMatchObject({
      code: 'context-overflow',
      data: { requested: 64, quota: 63 },
    });
    expect(state.inputs).toEqual([]);
    await expect(generateText(decoder, tokenizer, { ...request, input: '' }, events)).rejects.toMatchObject({
      code: 'invalid-request',
    });
  });

  it('stops between tokens when aborted, and gives the cache back', async () => {
    const abort = new AbortController();
    const { decoder, state } = makeDecoder('abcdef', (step) => step === 2 && abort.abort());
    const compute: number[] = [];
    const events = { signal: abort.signal, onText: () => {}, onCompute: (ms: number) => compute.push(ms) };
    await expect(
      generateText(decoder, tokenizer, { input: 'x', options: {}, maxNewTokens: 9 }, events),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(state.inputs).toHaveLength(3);
    expect(compute.at(-1)).toBe(6);
    expect(state.open).toBe(0);
  });
});
