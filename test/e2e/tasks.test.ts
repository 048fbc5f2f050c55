import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { repoOfFolder } from '../support/hub/repo.ts';
import { inferIn } from '../support/infer-in-page.ts';
import { allow } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

const FIXTURES = ['bert', 'vit', 'clip', 't5', 'whisper', 'wav2vec2', 'detr', 'llava', 'llava_next', 'clap', 'x_clip'];
const TIMEOUT_MS = 180_000;

/** A result of the reference. */
interface GoldenTask {
  readonly task: string;
  readonly file: string;
  readonly files: readonly string[];
  readonly text: string;
  readonly text_input: string;
  readonly candidate_labels: readonly string[];
  readonly options: Readonly<Record<string, string | number>>;
  readonly messages: readonly { readonly content: readonly { readonly type: string; readonly text?: string }[] }[];
  readonly result: readonly { readonly label: string; readonly score: number }[];
}

describe('tasks, from a site to its answer', { timeout: TIMEOUT_MS }, () => {
  const suite = useExtension();
  let hub: Hub;
  const goldens = new Map<string, readonly GoldenTask[]>();
  beforeAll(async () => {
    const repos: Record<string, Awaited<ReturnType<typeof repoOfFolder>>> = {};
    for (const name of FIXTURES) {
      const folder = `test/fixtures/models/${name}`;
      repos[`org/${name}`] = await repoOfFolder(folder, { licence: 'mit' });
      goldens.set(name, JSON.parse(await readFile(`${folder}/golden.json`, 'utf8')).tasks);
    }
    hub = await serveHub(repos);
  }, TIMEOUT_MS);
  afterAll(() => hub.close());

  /** The first result of the reference for a task, and the site that asks for it; its files lie on the site. */
  async function ask(fixture: string, task: string) {
    const golden = goldens.get(fixture)?.find((one) => one.task === task) ?? expect.fail(`${fixture} has no ${task}.`);
    const ui = await openUiClient(suite.browser);
    await ui.call(uiSettingsSet, hubSettings(hub));
    for (const file of golden.files ?? (golden.file ? [golden.file] : [])) {
      const body = await readFile(`test/fixtures/models/${fixture}/${file}`);
      suite.sites.add(fixture.replace('_', '-'), `/${file}`, { body, type: 'application/octet-stream' });
    }
    const page = await suite.visit(fixture.replace('_', '-'));
    const model = `hf:org/${fixture}`;
    const granted = await allow(suite.browser, page, { models: [model], tasks: [task as never] });
    expect(granted).toMatchObject({ ok: true });
    const infer = (input: unknown, options: object = {}) => inferIn(page, { model, task, input, options });
    return { golden, infer };
  }

  const labels = (output: unknown) => (output as { label: string }[]).map(({ label }) => label);
  const place = (file: string) => ({ file: `/${file}` });

  it('sorts a text', async () => {
    const { infer } = await ask('bert', 'text-classification');
    const output = await infer('Nothing happened.');
    expect(labels(output)).toEqual(['negative', 'neutral', 'positive']);
  });

  it('sorts a picture', async () => {
    const { golden, infer } = await ask('vit', 'image-classification');
    const output = await infer(place(golden.file), { topK: 5 });
    expect(labels(output)).toEqual(labels(golden.result));
  });

  it('matches a picture with words', async () => {
    const { golden, infer } = await ask('clip', 'zero-shot-image-classification');
    const input = { image: place(golden.file), labels: golden.candidate_labels };
    const output = await infer(input, { hypothesisTemplate: golden.options.hypothesis_template });
    expect(labels(output)).toEqual(labels(golden.result));
  });

  it('rewrites a text', async () => {
    const { golden, infer } = await ask('t5', 'text2text-generation');
    const output = await infer(golden.text_input, { maxNewTokens: 24 });
    expect(output).toEqual([{ generated_text: golden.text }]);
  });

  it.each([
    ['whisper', { language: 'en', maxNewTokens: 24 }],
    ['wav2vec2', {}],
  ])('writes down speech with %s', async (fixture, options) => {
    const { golden, infer } = await ask(fixture, 'automatic-speech-recognition');
    expect(await infer(place(golden.file), options)).toEqual({ text: golden.text.trim() });
  });

  it('finds objects', async () => {
    const { golden, infer } = await ask('detr', 'object-detection');
    const output = await infer(place(golden.file), { threshold: 0.5 });
    expect(labels(output)).toEqual(labels(golden.result));
  });

  it.each(['llava', 'llava_next'])('talks about a picture with %s', async (fixture) => {
    const { golden, infer } = await ask(fixture, 'image-text-to-text');
    const [message] = golden.messages;
    const content = message?.content.map((part) =>
      part.type === 'image' ? { type: 'image', image: place(golden.file) } : part,
    );
    const output = await infer([{ role: 'user', content }], { maxNewTokens: 24 });
    expect(output).toEqual([{ generated_text: golden.text }]);
  });

  it('matches a sound with words', async () => {
    const { golden, infer } = await ask('clap', 'zero-shot-audio-classification');
    const input = { audio: place(golden.file), labels: golden.candidate_labels };
    const output = await infer(input, { hypothesisTemplate: golden.options.hypothesis_template });
    expect(labels(output)).toEqual(labels(golden.result));
  });

  it('matches frames with words', async () => {
    const { golden, infer } = await ask('x_clip', 'zero-shot-video-classification');
    const input = { video: golden.files.map(place), labels: golden.candidate_labels };
    const output = await infer(input, { hypothesisTemplate: golden.options.hypothesis_template });
    expect(labels(output)).toEqual(labels(golden.result));
  });
});
