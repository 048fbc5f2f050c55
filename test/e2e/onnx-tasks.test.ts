import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emit } from '../../offscreen/families/family.ts';
import { emitBert } from '../../offscreen/graphs/bert.ts';
import { emitClipText, emitClipVision } from '../../offscreen/graphs/clip.ts';
import { emitLlama } from '../../offscreen/graphs/llama.ts';
import { emitT5Cross, emitT5Decoder, emitT5Encoder } from '../../offscreen/graphs/t5.ts';
import { emitVit } from '../../offscreen/graphs/vit.ts';
import { emitWhisperCross, emitWhisperDecoder, emitWhisperEncoder } from '../../offscreen/graphs/whisper.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { openGolden } from '../support/golden.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { type HubRepo, repoOf, repoOfFolder } from '../support/hub/repo.ts';
import { inferIn } from '../support/infer-in-page.ts';
import { exportClip, exportDecoder, exportGraph } from '../support/onnx-exports.ts';
import { encodeExport, externalized } from '../support/onnx-graphs.ts';
import { allow } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

const TIMEOUT_MS = 240_000;
/** Stands where another file should have been chosen. */
const WRONG = 'not chosen';

interface Vector {
  readonly dims: readonly number[];
  readonly data: Readonly<Record<string, number>>;
}
interface Score {
  readonly label: string;
  readonly score: number;
}

type Graphs = Readonly<Record<string, Uint8Array | string>>;

/** The repository of a reference model with graphs in place of its checkpoint. */
async function exported(fixture: string, graphs: Graphs, config: object = {}): Promise<HubRepo> {
  const { files } = await repoOfFolder(`test/fixtures/models/${fixture}`);
  const others = [...files].filter(
    ([name]) => !/safetensors|golden|inputs|config\.json$/.test(name) || /_config\.json$/.test(name),
  );
  const own = JSON.parse(await readFile(`test/fixtures/models/${fixture}/config.json`, 'utf8'));
  return repoOf({
    ...Object.fromEntries(others),
    'config.json': JSON.stringify({ ...own, ...config }),
    ...Object.fromEntries(Object.entries(graphs).map(([name, content]) => [`onnx/${name}`, content])),
  });
}

const graphOf = async (fixture: string, emit: Emit) => exportGraph(await openGolden(fixture), emit);

async function decodersOf(fixture: string, emit: Emit, crossOf: Emit, encoderOf: Emit) {
  const [decoder, cross, encoder] = await Promise.all([emit, crossOf, encoderOf].map((one) => graphOf(fixture, one)));
  if (!decoder || !cross || !encoder) throw new Error('Three were asked for.');
  return {
    encoder: encodeExport(encoder),
    decoder: (part: 'merged' | 'first' | 'next') => encodeExport(exportDecoder(decoder, { part, cross })),
  };
}

describe('tasks with graphs that others exported', { timeout: TIMEOUT_MS }, () => {
  const suite = useExtension();
  let hub: Hub;
  beforeAll(async () => {
    const bert = externalized(await graphOf('bert', emitBert), 'model_quantized.onnx_data');
    const llama = await graphOf('llama', emitLlama);
    const t5 = await decodersOf('t5', emitT5Decoder, emitT5Cross, emitT5Encoder);
    const whisper = await decodersOf('whisper', emitWhisperDecoder, emitWhisperCross, emitWhisperEncoder);
    hub = await serveHub({
      'org/bert': await exported('bert', {
        'model.onnx': WRONG,
        'model_q4.onnx': WRONG,
        'model_quantized.onnx': bert.model,
        'model_quantized.onnx_data': bert.data,
      }),
      // A class of which nothing is known here but the head.
      'org/features': await exported(
        'bert',
        { 'model.onnx': encodeExport(await graphOf('bert', emitBert)) },
        { model_type: 'mystery', architectures: ['MysteryModel'] },
      ),
      'org/vit': await exported('vit', { 'model.onnx': encodeExport(await graphOf('vit', emitVit)) }),
      'org/merged': await exported(
        'llama',
        {
          'decoder_model_merged_quantized.onnx': WRONG,
          'decoder_model_merged_q4f16.onnx': WRONG,
          'decoder_model_merged.onnx': encodeExport(exportDecoder(llama, { part: 'merged' })),
        },
        { 'transformers.js_config': { dtype: 'fp32' } },
      ),
      'org/single': await exported('llama', { 'model.onnx': encodeExport(exportDecoder(llama, { part: 'both' })) }),
      'org/t5': await exported('t5', {
        'encoder_model.onnx': t5.encoder,
        'decoder_model_merged.onnx': t5.decoder('merged'),
      }),
      'org/t5-pair': await exported('t5', {
        'encoder_model.onnx': t5.encoder,
        'decoder_model.onnx': t5.decoder('first'),
        'decoder_with_past_model.onnx': t5.decoder('next'),
      }),
      'org/whisper': await exported('whisper', {
        'encoder_model.onnx': whisper.encoder,
        'decoder_model_merged.onnx': whisper.decoder('merged'),
      }),
      'org/clip': await exported('clip', {
        'model.onnx': encodeExport(
          exportClip(await graphOf('clip', emitClipText), await graphOf('clip', emitClipVision)),
        ),
      }),
      'org/towers': await exported('clip', {
        'text_model.onnx': encodeExport(await graphOf('clip', emitClipText)),
        'vision_model.onnx': encodeExport(await graphOf('clip', emitClipVision)),
      }),
      'org/checkpoint': await repoOfFolder('test/fixtures/models/clip'),
      'org/headless': await exported('llama', { 'model.onnx': encodeExport(llama) }),
    });
  }, TIMEOUT_MS);
  afterAll(() => hub.close());

  let sites = 0;
  async function ask(
    name: string,
    task: string,
    { fixture, backend = 'auto' }: { fixture: string; backend?: Settings['backend'] },
  ) {
    const ui = await openUiClient(suite.browser);
    await ui.call(uiSettingsSet, { ...hubSettings(hub), backend });
    const golden = JSON.parse(await readFile(`test/fixtures/models/${fixture}/golden.json`, 'utf8'));
    sites += 1;
    const site = `asks-${sites}`;
    const one = golden.tasks?.find((each: { task: string }) => each.task === task);
    if (one?.file) {
      const body = await readFile(`test/fixtures/models/${fixture}/${one.file}`);
      suite.sites.add(site, `/${one.file}`, { body, type: 'application/octet-stream' });
    }
    const page = await suite.visit(site);
    const model = `hf:org/${name}`;
    expect(await allow(suite.browser, page, { models: [model], tasks: [task as never] })).toMatchObject({ ok: true });
    const infer = (input: unknown, options: object = {}) => inferIn(page, { model, task, input, options });
    return { golden, one, infer };
  }

  /** Files of a repository that something was fetched of. */
  const fetched = (name: string) =>
    new Set(
      hub.requests.flatMap(({ path }) => new RegExp(`/org/${name}/resolve/[^/]+/(onnx/[^?]+)`).exec(path)?.[1] ?? []),
    );

  it('sorts texts with the file for the processor, and fetches no other', async () => {
    const { golden, infer } = await ask('bert', 'text-classification', { fixture: 'bert' });
    for (const { text, result } of golden.tasks
      .filter((each: { task: string }) => each.task === 'text-classification')
      .slice(0, 3)) {
      const output = (await infer(text)) as Score[];
      expect(output.map(({ label }) => label)).toEqual(result.map((each: { label: string }) => each.label));
      for (const [at, { score }] of output.entries()) expect(score).toBeCloseTo(result[at].score, 4);
    }
    expect([...fetched('bert')].sort()).toEqual(['onnx/model_quantized.onnx', 'onnx/model_quantized.onnx_data']);
  });

  it('makes vectors of texts with a class that it does not know', async () => {
    const { infer } = await ask('features', 'feature-extraction', { fixture: 'bert' });
    const { dims, data } = (await infer('Nothing happened.', { pooling: 'mean', normalize: true })) as {
      dims: number[];
      data: object;
    };
    expect(dims).toEqual([1, 48]);
    expect(Object.values(data).reduce((sum: number, value: number) => sum + value ** 2, 0)).toBeCloseTo(1, 4);
  });

  it('sorts a picture', async () => {
    const { one, infer } = await ask('vit', 'image-classification', { fixture: 'vit' });
    const output = (await infer({ file: `/${one.file}` }, { topK: 5 })) as { label: string }[];
    expect(output.map(({ label }) => label)).toEqual(one.result.map((each: { label: string }) => each.label));
  });

  it('matches a picture with words', async () => {
    const { one, infer } = await ask('clip', 'zero-shot-image-classification', { fixture: 'clip' });
    const input = { image: { file: `/${one.file}` }, labels: one.candidate_labels };
    const output = (await infer(input, { hypothesisTemplate: one.options.hypothesis_template })) as Score[];
    expect(output.map(({ label }) => label)).toEqual((one.result as Score[]).map(({ label }) => label));
    for (const [at, { score }] of output.entries()) expect(score).toBeCloseTo(one.result[at].score, 3);
  });

  it.each(['feature-extraction', 'image-feature-extraction'])(
    'makes the same vectors with a tower by itself as from the checkpoint: %s',
    async (task) => {
      const vectors = [];
      for (const name of ['towers', 'checkpoint']) {
        const { golden, infer } = await ask(name, task, { fixture: 'clip' });
        const { file } = golden.tasks.find((one: { file?: string }) => one.file);
        const body = await readFile(`test/fixtures/models/clip/${file}`);
        suite.sites.add(`asks-${sites}`, `/${file}`, { body, type: 'application/octet-stream' });
        vectors.push((await infer(task === 'feature-extraction' ? 'a photo' : { file: `/${file}` })) as Vector);
      }
      const [tower, checkpoint] = vectors;
      expect(tower?.dims).toEqual(checkpoint?.dims);
      const expected = Object.values(checkpoint?.data ?? {});
      expect(expected.length).toBeGreaterThan(8);
      for (const [at, value] of Object.values(tower?.data ?? {}).entries())
        expect(value).toBeCloseTo(expected[at] ?? 9, 4);
      expect([...fetched('towers')]).toContain(
        task === 'feature-extraction' ? 'onnx/text_model.onnx' : 'onnx/vision_model.onnx',
      );
    },
  );

  it.each([
    ['merged', 'auto'],
    ['single', 'auto'],
    ['merged', 'webgpu'],
    ['single', 'webgpu'],
  ] as const)('writes with a decoder in %s, on %s', async (name, backend) => {
    const { golden, infer } = await ask(name, 'text-generation', { fixture: 'llama', backend });
    const [{ prompt, text }] = golden.generation;
    expect(await infer(prompt, { maxNewTokens: 24 })).toBe(text);
    const { host } = await (await openUiClient(suite.browser)).call(uiState, {});
    const tiers = host?.residents.filter((resident) => resident.name === `hf:org/${name}`).map(({ tier }) => tier);
    expect(tiers).toContain(backend === 'webgpu' ? 'jspi/webgpu' : 'wasm/cpu');
  });

  it.each(['t5', 't5-pair'])('rewrites a text with %s', async (name) => {
    const { one, infer } = await ask(name, 'text2text-generation', { fixture: 't5' });
    expect(await infer(one.text_input, { maxNewTokens: 24 })).toEqual([{ generated_text: one.text }]);
  });

  it('writes down speech', async () => {
    const { one, infer } = await ask('whisper', 'automatic-speech-recognition', { fixture: 'whisper' });
    const output = await infer({ file: `/${one.file}` }, { language: 'en', maxNewTokens: 24 });
    expect(output).toEqual({ text: one.text.trim() });
  });

  it('refuses a decoder without caches that it knows', async () => {
    const { infer } = await ask('headless', 'text-generation', { fixture: 'llama' });
    await expect(infer('x')).rejects.toThrow(/Use another model or task/);
  });
});
