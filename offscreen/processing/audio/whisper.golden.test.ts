import { describe, expect, it } from 'vitest';
import { fixtureJson } from '../../../test/support/fixture-json.ts';
import { openGolden } from '../../../test/support/golden.ts';
import { runInputs } from '../../../test/support/graph-runs.ts';
import { openNodeSession } from '../../../test/support/node-graphs.ts';
import { lastRows, likeliest, startDecoding } from '../../../test/support/seq2seq.ts';
import { storageOf } from '../../graphs/graph.ts';
import { emitWhisperCross, emitWhisperDecoder, emitWhisperEncoder } from '../../graphs/whisper.ts';
import { createTokenizer } from '../text/tokenizer.ts';
import { guessLanguage } from './whisper-language.ts';
import { createWhisperRules } from './whisper-rules.ts';
import { segmentsOf } from './whisper-segments.ts';
import { whisperText, whisperTextWithTimestamps } from './whisper-text.ts';
import { readWhisperTokens, type WhisperPrompt, whisperPrompt } from './whisper-tokens.ts';

const model = await openGolden('whisper');
const { config, table, reader, golden } = model;
const generationConfig = await fixtureJson('whisper', 'generation_config.json');
const tokens = readWhisperTokens(generationConfig);
const tokenizer = createTokenizer(
  await fixtureJson('whisper', 'tokenizer.json'),
  await fixtureJson('whisper', 'tokenizer_config.json'),
);

interface Run {
  readonly name: string;
  readonly inputs: Parameters<typeof runInputs>[2];
  readonly decoder_prompt_ids: number[];
  readonly options: Pick<WhisperPrompt, 'language' | 'task'> & { readonly return_timestamps: boolean };
  readonly new_ids: number[];
  readonly text: string;
}
interface TimedRun extends Run {
  readonly generate_ids: number[];
  readonly text_with_timestamps: string;
}
const runs: readonly Run[] = golden.generation;
const timedRuns: readonly TimedRun[] = golden.generation_timestamps;

const decoderGraph = emitWhisperDecoder(config, table, storageOf('fp32'));
const encoder = await openNodeSession(emitWhisperEncoder(config, table, storageOf('fp32')), reader);
const sessions = {
  cross: await openNodeSession(emitWhisperCross(config, table, storageOf('fp32')), reader),
  decoder: await openNodeSession(decoderGraph, reader),
  shape: decoderGraph.shape,
};

/** Listens to a recording; answers the logits that follow further tokens. */
async function listen(inputs: Run['inputs']) {
  const { last_hidden_state } = await runInputs(model, encoder, inputs);
  if (!last_hidden_state) throw new Error('The encoder gave nothing.');
  const decoding = await startDecoding(sessions, last_hidden_state);
  return async (ids: readonly number[]) => {
    const [row = new Float32Array()] = lastRows(await decoding.step([ids]), 1, config.vocab_size);
    return row;
  };
}

describe('Whisper', () => {
  it.each([...runs, ...timedRuns])('says the reference tokens: $name', async (run) => {
    const { language, task, return_timestamps: timestamps } = run.options;
    const prompt = whisperPrompt(tokens, { timestamps, ...(language && { language }), ...(task && { task }) });
    expect(prompt).toEqual(run.decoder_prompt_ids);
    const rules = createWhisperRules(tokens, timestamps);
    const step = await listen(run.inputs);
    const generated: number[] = [];
    for (let next = prompt; generated.length < run.new_ids.length; next = generated.slice(-1)) {
      const logits = await step(next);
      rules(logits, generated);
      generated.push(likeliest(logits));
    }
    expect(generated).toEqual(run.new_ids);
  });

  it.each(runs)('reads its tokens: $name', ({ new_ids, text }) => {
    expect(whisperText(tokenizer, tokens, new_ids)).toBe(text);
  });

  it.each(timedRuns)(
    'cuts its tokens into segments: $name',
    ({ new_ids, generate_ids, text, text_with_timestamps }) => {
      const { segments } = segmentsOf(new_ids, tokens, 0, 30);
      const ids = segments.flatMap((segment) => segment.ids);
      expect(ids).toEqual(generate_ids);
      expect(whisperText(tokenizer, tokens, ids)).toBe(text);
      expect(whisperTextWithTimestamps(tokenizer, tokens, ids)).toBe(text_with_timestamps);
      expect(segments.map(({ start, end }) => `<|${start.toFixed(2)}|><|${end.toFixed(2)}|>`).join('')).toBe(
        text_with_timestamps.replace(/(?<=\|>)[^<]+(?=<)/g, ''),
      );
    },
  );

  it('tells which language is spoken', async () => {
    const task = golden.tasks.find((one: { task: string }) => one.task === 'language-detection');
    const run = runs.find(({ name }) => name === 'chirp_en');
    if (!run) throw new Error('There is no such recording.');
    const guesses = guessLanguage(await (await listen(run.inputs))([tokens.startId]), tokens);
    expect(`<|${guesses[0]?.language}|>`).toBe(task.token);
    expect(guesses).toHaveLength(8);
    expect(guesses.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
  });
});

describe('the tokens of Whisper', () => {
  const english = readWhisperTokens({
    ...generationConfig,
    is_multilingual: false,
    lang_to_id: null,
    task_to_id: null,
  });

  it('ask models of English alone for no language', () => {
    expect(whisperPrompt(english, { timestamps: false })).toEqual([437, 451]);
    expect(whisperPrompt(english, { timestamps: true, language: 'en' })).toEqual([437]);
    expect(() => guessLanguage(new Float32Array(500), english)).toThrow(
      expect.objectContaining({ code: 'model-unsupported' }),
    );
  });

  it.each<[string, Partial<WhisperPrompt>, string, typeof tokens]>([
    ['an unknown language', { language: 'xx' }, 'options.language', tokens],
    ['no language', {}, 'options.language', tokens],
    ['a language that is none', { language: '__proto__' }, 'options.language', tokens],
    ['another language than English', { language: 'de' }, 'options.language', english],
    ['translation from English', { task: 'translate' }, 'options.task', english],
  ])('refuse %s', (_what, prompt, field, own) => {
    const error = expect.objectContaining({ code: 'invalid-request', data: { field } });
    expect(() => whisperPrompt(own, { timestamps: false, ...prompt })).toThrow(error);
  });

  it.each(['decoder_start_token_id', 'eos_token_id', 'no_timestamps_token_id', 'lang_to_id'])('need %s', (field) => {
    expect(() => readWhisperTokens({ ...generationConfig, [field]: undefined })).toThrow(
      expect.objectContaining({ code: 'model-corrupt', data: { reason: expect.stringContaining(field) } }),
    );
  });

  it('leave out what stands for no token', () => {
    expect(readWhisperTokens({ ...generationConfig, suppress_tokens: [-1] }).suppressed).toEqual([]);
    expect(readWhisperTokens({ ...generationConfig, suppress_tokens: null }).suppressed).toEqual([]);
  });

  it('are none of a model that computed no numbers', () => {
    const logits = new Float32Array(config.vocab_size).fill(Number.NaN);
    expect(() => guessLanguage(logits, tokens)).toThrow(expect.objectContaining({ code: 'engine-failed' }));
  });
});
