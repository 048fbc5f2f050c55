import { describe, expect, it } from 'vitest';
import { grantAll, NO_FILES } from '../../../test/support/fake-engine.ts';
import { ECHO_MANIFEST } from '../../store/echo-manifest.ts';
import { createEchoEngine } from './engine.ts';

const load = () =>
  createEchoEngine().load(ECHO_MANIFEST, {
    use: { task: 'text-generation' },
    signal: new AbortController().signal,
    backend: 'auto',
    files: NO_FILES,
    admit: grantAll,
    onProgress: () => {},
    onDropped: () => {},
  });

const collect = (signal = new AbortController().signal) => {
  const chunks: string[] = [];
  return { chunks, events: { signal, onText: ({ text }: { text: string }) => chunks.push(text), onCompute: () => {} } };
};

describe('echo engine', () => {
  it.each(['one two  three', ' lead', 'trail ', '  ', 'line\nbreak\n\nend', 'ünïcödé 🎉 ok'])(
    'repeats %j',
    async (input) => {
      const { chunks, events } = collect();
      const outcome = await (await load()).generate({ input, options: {}, maxNewTokens: 100 }, events);
      expect(chunks.join('')).toBe(input);
      expect(outcome).toMatchObject({ text: input, finishReason: 'end', outputTokens: chunks.length });
    },
  );

  it('ends at the token limit', async () => {
    const { chunks, events } = collect();
    const outcome = await (await load()).generate({ input: 'a b c', options: {}, maxNewTokens: 2 }, events);
    expect(chunks).toEqual(['a ', 'b ']);
    expect(outcome).toMatchObject({ finishReason: 'length', inputTokens: 3, outputTokens: 2 });
  });

  it('ends at a stop string without saying it', async () => {
    const { chunks, events } = collect();
    const request = { input: 'one two three', options: { stop: ['o th'] }, maxNewTokens: 100 };
    const outcome = await (await load()).generate(request, events);
    expect(chunks.join('')).toBe('one tw');
    expect(outcome).toMatchObject({ text: 'one tw', finishReason: 'stop-string' });
  });

  it('answers the last message of a conversation', async () => {
    const { chunks, events } = collect();
    await (await load()).generate(
      { input: [{ role: 'user', content: 'hello' }], options: {}, maxNewTokens: 9 },
      events,
    );
    expect(chunks).toEqual(['hello']);
  });

  it('returns tensors as they came and stops between words', async () => {
    const model = await load();
    const inputs = { x: { dtype: 'float32' as const, dims: [1], data: new ArrayBuffer(4) } };
    expect(await model.run({ inputs }, collect().events)).toBe(inputs);
    const abort = new AbortController();
    const { chunks, events } = collect(abort.signal);
    const onText = (chunk: { text: string }) => {
      events.onText(chunk);
      abort.abort();
    };
    await expect(
      model.generate({ input: 'a b c', options: {}, maxNewTokens: 9 }, { ...events, onText }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(chunks).toHaveLength(1);
  });

  it('rejects use after dispose, also of what runs', async () => {
    const model = await load();
    const { events } = collect();
    const running = model.generate({ input: 'a b c', options: {}, maxNewTokens: 9 }, events);
    await model.dispose();
    await model.dispose();
    await expect(running).rejects.toMatchObject({ code: 'session-ended' });
    await expect(model.countTokens('x')).rejects.toMatchObject({ code: 'session-ended' });
  });
});
