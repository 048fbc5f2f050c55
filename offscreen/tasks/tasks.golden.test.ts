import { describe, expect, it } from 'vitest';
import type { Pixels, Samples } from '../../src/protocol/tasks/media.ts';
import type { PerformedTask } from '../../src/protocol/tasks/tasks.ts';
import { largestDifference, openGolden } from '../../test/support/golden.ts';
import { openTaskModel } from '../../test/support/node-task-model.ts';
import { readPng } from '../../test/support/png.ts';
import { readWav } from '../../test/support/wav.ts';
import type { PerformRequest } from '../engines/engine.ts';
import { performTask } from './perform-task.ts';

/** A result of the reference: what was asked, and what came of it. */
interface GoldenTask {
  readonly task: PerformedTask;
  readonly file: string;
  readonly files: readonly string[];
  readonly text: string;
  readonly text_input: string;
  readonly messages: readonly {
    readonly role: 'user';
    readonly content: readonly ({ type: 'image' } | { type: 'text'; text: string })[];
  }[];
  readonly texts: readonly string[];
  readonly candidate_labels: readonly string[];
  readonly options: { readonly [name: string]: never };
  readonly result: readonly { readonly label: string; readonly score: number; readonly box: readonly number[] }[];
  readonly embeddings: Parameters<Awaited<ReturnType<typeof openGolden>>['floats']>[0];
}

const SCORE_TOLERANCE = 1e-4;
const BOX_TOLERANCE = 0.05;

async function openTasks(name: string) {
  const golden = await openGolden(name);
  const model = await openTaskModel(golden.folder);
  let computeMs = 0;
  const picture = async (file: string): Promise<Pixels> => {
    const { width, height, data } = await readPng(`${golden.folder}/${file}`);
    return { kind: 'pixels', width, height, data: rgbaOf(data, width * height) };
  };
  const sound = async (file: string): Promise<Samples> => {
    const { rate, channels } = await readWav(`${golden.folder}/${file}`);
    return { kind: 'samples', rate, channels: channels.map((samples) => Float32Array.from(samples).buffer) };
  };
  const perform = (request: Pick<PerformRequest, 'task' | 'input'> & { readonly options?: object }) =>
    performTask(model, { options: {}, maxNewTokens: 24, ...request } as PerformRequest, {
      signal: new AbortController().signal,
      onCompute: (ms) => {
        computeMs = ms;
      },
      onTokens: () => {},
    });
  return { golden, picture, sound, perform, cases: golden.golden.tasks as GoldenTask[], spent: () => computeMs };
}

/** Whatever a picture has, as four bytes a pixel. */
function rgbaOf(data: Uint8Array | Uint8ClampedArray, pixels: number): ArrayBuffer {
  const bytes = data.length / pixels;
  const rgba = new Uint8Array(pixels * 4).fill(255);
  for (let at = 0; at < pixels; at += 1) {
    for (let part = 0; part < 3; part += 1) rgba[at * 4 + part] = data[at * bytes + (bytes < 3 ? 0 : part)] ?? 0;
    if (bytes % 2 === 0) rgba[at * 4 + 3] = data[at * bytes + bytes - 1] ?? 0;
  }
  return rgba.buffer;
}

function expectScores(output: unknown, expected: GoldenTask['result']): void {
  const scores = output as GoldenTask['result'];
  expect(scores.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
  for (const [at, { score }] of expected.entries()) {
    expect(Math.abs((scores[at]?.score ?? Number.NaN) - score)).toBeLessThan(SCORE_TOLERANCE);
  }
}

describe('text tasks', async () => {
  const { golden, cases, perform, spent } = await openTasks('bert');
  it.each(cases.filter(({ task }) => task === 'text-classification'))('sort "$text"', async ({ text, result }) => {
    expectScores(await perform({ task: 'text-classification', input: text }), result);
  });

  it('turn texts into vectors', async () => {
    const [asked] = cases.filter(({ task }) => task === 'feature-extraction');
    const input = [...(asked?.texts ?? [])];
    const output = await perform({ task: 'feature-extraction', input, options: asked?.options ?? {} });
    const { dims, data } = output as { dims: number[]; data: ArrayBuffer };
    expect(dims).toEqual([4, 48]);
    const expected = await golden.floats(asked?.embeddings);
    expect(largestDifference(new Float32Array(data), expected)).toBeLessThan(SCORE_TOLERANCE);
    const alone = await perform({ task: 'feature-extraction', input: input[2] ?? '', options: asked?.options ?? {} });
    const { data: row } = alone as { data: ArrayBuffer };
    expect(largestDifference(new Float32Array(row), expected.slice(96, 144))).toBeLessThan(SCORE_TOLERANCE);
  });

  it('take as many texts as there are, one after the other, and count all of the time', async () => {
    const input = Array.from({ length: 40 }, (_, at) => `Text number ${at}.`);
    const output = await perform({ task: 'feature-extraction', input, options: { pooling: 'cls' } });
    expect((output as { dims: number[] }).dims).toEqual([40, 48]);
    expect(spent()).toBe(3);
  });

  it('give the states of every token where nothing is pooled', async () => {
    const output = await perform({ task: 'feature-extraction', input: 'Nothing happened.' });
    expect((output as { dims: number[] }).dims).toEqual([1, expect.any(Number), 48]);
  });

  it('cut a text of a megabyte to what the model takes', async () => {
    const input = 'The quick brown fox. '.repeat(12_000);
    const output = await perform({ task: 'text-classification', input });
    expect(output).toHaveLength(3);
  });
});

describe('writing tasks', async () => {
  const t5 = await openTasks('t5');
  it.each(t5.cases)('rewrite "$text_input"', async ({ text_input, text }) => {
    const output = await t5.perform({ task: 'text2text-generation', input: text_input });
    expect(output).toEqual([{ generated_text: text }]);
  });

  const llava = await openTasks('llava');
  const llavaNext = await openTasks('llava_next');
  const asked = [llava, llavaNext].flatMap((model) => model.cases.map((one) => ({ ...one, model })));
  it.each(asked)('talk about $file ($model.golden.config.model_type)', async ({ file, messages, text, model }) => {
    const image = await model.picture(file);
    const input = messages.map(({ role, content }) => ({
      role,
      content: content.map((part) => (part.type === 'image' ? { type: part.type, image } : part)),
    }));
    const output = await model.perform({ task: 'image-text-to-text', input });
    expect(output).toEqual([{ generated_text: text }]);
  });
});

describe('picture tasks', async () => {
  const vit = await openTasks('vit');
  it.each(vit.cases)('sort $file', async ({ file, result }) => {
    const input = await vit.picture(file);
    expectScores(await vit.perform({ task: 'image-classification', input, options: { topK: 5 } }), result);
  });

  const clip = await openTasks('clip');
  it.each(clip.cases)('match $file with words', async ({ file, candidate_labels, options, result }) => {
    const input = { image: await clip.picture(file), labels: [...candidate_labels] };
    const hypothesisTemplate = options.hypothesis_template;
    const output = await clip.perform({
      task: 'zero-shot-image-classification',
      input,
      options: { hypothesisTemplate },
    });
    expectScores(output, result);
  });

  const detr = await openTasks('detr');
  it.each(detr.cases)('find objects in $file', async ({ file, options, result }) => {
    const input = await detr.picture(file);
    const output = await detr.perform({ task: 'object-detection', input, options });
    expectScores(output, result);
    const boxes = (output as unknown as { box: Record<string, number> }[]).map(({ box }) => Object.values(box));
    for (const [at, { box }] of result.entries()) {
      expect(largestDifference(boxes[at] ?? [], box)).toBeLessThan(BOX_TOLERANCE);
    }
  });

  it('turn a picture into a vector of length 1', async () => {
    const output = await clip.perform({
      task: 'image-feature-extraction',
      input: await clip.picture('inputs/rgb.png'),
    });
    const { dims, data } = output as { dims: number[]; data: ArrayBuffer };
    expect(dims).toEqual([1, 32]);
    expect(Math.hypot(...new Float32Array(data))).toBeCloseTo(1, 5);
  });
});

describe('sound tasks', async () => {
  const clap = await openTasks('clap');
  it.each(clap.cases)('match $file with words', async ({ file, candidate_labels, options, result }) => {
    const input = { audio: await clap.sound(file), labels: [...candidate_labels] };
    const hypothesisTemplate = options.hypothesis_template;
    const output = await clap.perform({
      task: 'zero-shot-audio-classification',
      input,
      options: { hypothesisTemplate },
    });
    expectScores(output, result);
  });

  const wav2vec2 = await openTasks('wav2vec2');
  const whisper = await openTasks('whisper');
  const spoken = whisper.cases.filter(({ task }) => task === 'automatic-speech-recognition');
  it.each(spoken)('write down $file with an encoder and a decoder', async ({ file, options: { language }, text }) => {
    const input = await whisper.sound(file);
    const output = await whisper.perform({ task: 'automatic-speech-recognition', input, options: { language } });
    expect(output).toEqual({ text: text.trim() });
  });

  it('tell the language where nobody says it, and passages of a sound that is longer than a window', async () => {
    const { rate, channels } = await whisper.sound('inputs/chirp.wav');
    const [samples = new ArrayBuffer(0)] = channels;
    const long = new Float32Array(rate * 40);
    for (let at = 0; at < long.length; at += samples.byteLength / 4) {
      long.set(new Float32Array(samples).subarray(0, long.length - at), at);
    }
    const output = await whisper.perform({
      task: 'automatic-speech-recognition',
      input: { kind: 'samples', rate, channels: [long.buffer] },
      options: { returnTimestamps: true },
    });
    const { text, chunks = [] } = output as { text: string; chunks?: { text: string; timestamp: [number, number] }[] };
    expect(
      chunks
        .map((chunk) => chunk.text)
        .join('')
        .trim(),
    ).toBe(text);
    expect(chunks.at(-1)?.timestamp[0]).toBeGreaterThan(5);
    for (const { timestamp } of chunks) expect(timestamp[1]).toBeGreaterThanOrEqual(timestamp[0]);
  });

  it('refuse times of words where a model tells none', async () => {
    const input = await whisper.sound('inputs/chirp.wav');
    const asked = { task: 'automatic-speech-recognition' as const, input, options: { returnTimestamps: 'word' } };
    await expect(whisper.perform(asked)).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it.each(wav2vec2.cases)('write down $file', async ({ file, text }) => {
    const input = await wav2vec2.sound(file);
    const output = await wav2vec2.perform({ task: 'automatic-speech-recognition', input });
    expect(output).toEqual({ text });
    const timed = await wav2vec2.perform({
      task: 'automatic-speech-recognition',
      input,
      options: { returnTimestamps: 'word' },
    });
    const { chunks = [] } = timed as { chunks?: { text: string; timestamp: [number, number] }[] };
    expect(chunks.map((chunk) => chunk.text).join(' ')).toBe(text);
    for (const { timestamp } of chunks) expect(timestamp[1]).toBeGreaterThan(timestamp[0]);
  });
});

describe('video tasks', async () => {
  const { cases, perform, picture } = await openTasks('x_clip');
  it.each(cases)('match frames with words', async ({ files, candidate_labels, options, result }) => {
    const frames = await Promise.all(files.map(picture));
    const output = await perform({
      task: 'zero-shot-video-classification',
      input: { video: { kind: 'frames', frames }, labels: [...candidate_labels] },
      options: { hypothesisTemplate: options.hypothesis_template },
    });
    expectScores(output, result);
  });
});
