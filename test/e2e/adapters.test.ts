import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uiModelUnload } from '../../src/protocol/ui/ui-model-unload.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import { makeAdapter } from '../support/adapters.ts';
import { ask, bringAdapter, refusalOf } from '../support/ask-adapter.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { type HubRepo, repoOf, repoOfFolder } from '../support/hub/repo.ts';
import { inferIn } from '../support/infer-in-page.ts';
import { allow, infer, type Site } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

const LLAMA = 'test/fixtures/models/llama';
const VIT = 'test/fixtures/models/vit';
const T5 = 'test/fixtures/models/t5';
const IMAGE = 'rgb.png';
const TIMEOUT_MS = 120_000;

/** A repository of a model with other weights. */
async function withWeights(folder: string, weights: Uint8Array<ArrayBuffer>): Promise<HubRepo> {
  const { files } = await repoOfFolder(folder);
  return repoOf({ ...Object.fromEntries(files), 'model.safetensors': weights });
}

describe('adapters of one model', { timeout: TIMEOUT_MS }, () => {
  const suite = useExtension();
  let hub: Hub;
  beforeAll(async () => {
    const first = await makeAdapter(LLAMA, { base: 'org/llama', added: ['q_proj', 'v_proj'] });
    const second = await makeAdapter(LLAMA, { base: 'org/llama', added: ['o_proj', 'down_proj'], strength: -0.3 });
    const head = await makeAdapter(VIT, { base: 'org/vit', added: ['query'], replaced: ['classifier'], strength: 0.4 });
    const broken = { ...first.files, 'adapter_config.json': JSON.stringify({ peft_type: 'LOHA' }) };
    const lost = {
      ...first.files,
      'adapter_config.json': JSON.stringify({ peft_type: 'LORA', base_model_name_or_path: 'org/gone' }),
    };
    const path = {
      ...first.files,
      'adapter_config.json': JSON.stringify({ peft_type: 'LORA', base_model_name_or_path: './llama' }),
    };
    const other = await makeAdapter('test/fixtures/models/qwen3', { base: 'org/llama', added: ['mlp.down_proj'] });
    const slow = await makeAdapter(LLAMA, { base: 'org/llama', added: ['proj'], strength: 0.05 });
    const across = await makeAdapter(T5, {
      base: 'org/t5',
      added: [
        'layer.0.SelfAttention.q',
        'EncDecAttention.q',
        'EncDecAttention.k',
        'EncDecAttention.v',
        'DenseReluDense.wo',
      ],
    });
    const [poison, flood] = [Number.NaN, 3e38].map((strength) =>
      makeAdapter(LLAMA, { base: 'org/llama', added: ['q_proj', 'k_proj', 'v_proj', 'o_proj'], strength }),
    );
    hub = await serveHub({
      'org/poison': repoOf((await poison)?.files ?? {}),
      'org/flood': repoOf((await flood)?.files ?? {}),
      'org/llama': await repoOfFolder(LLAMA),
      'org/vit': await repoOfFolder(VIT),
      'org/t5': await repoOfFolder(T5),
      'org/across': repoOf(across.files),
      'org/across-merged': await withWeights(T5, across.merged),
      'org/first': repoOf(first.files),
      'org/first-merged': await withWeights(LLAMA, first.merged),
      'org/second': repoOf(second.files),
      'org/second-merged': await withWeights(LLAMA, second.merged),
      'org/head': repoOf(head.files),
      'org/head-merged': await withWeights(VIT, head.merged),
      'org/broken': repoOf(broken),
      'org/lost': repoOf(lost),
      'org/slow': repoOf(slow.files),
      'org/path': repoOf(path),
      'org/other': repoOf(other.files),
    });
  }, TIMEOUT_MS);
  afterAll(() => hub.close());

  async function useHub() {
    const ui = await openUiClient(suite.browser);
    await ui.call(uiSettingsSet, hubSettings(hub));
    return ui;
  }

  async function textOf(page: Site, name: string, backend: 'wasm' | 'webgpu' = 'wasm'): Promise<string> {
    const answer = await infer(page, ask(`hf:org/${name}`, backend));
    if (!answer.ok) throw new Error(`${name}: ${answer.code} ${answer.message}`);
    return answer.value.text;
  }

  it('answer as the model with their change in its weights, while all sites share one copy of it', async () => {
    const ui = await useHub();
    const [one, two] = [await suite.visit('one'), await suite.visit('two')];
    await allow(suite.browser, one, {
      models: ['hf:org/llama', 'hf:org/first', 'hf:org/first-merged', 'hf:org/second-merged'],
    });
    await allow(suite.browser, two, { models: ['hf:org/second'] });
    const expected = {
      plain: await textOf(one, 'llama'),
      first: await textOf(one, 'first-merged'),
      second: await textOf(one, 'second-merged'),
    };
    expect(new Set(Object.values(expected)).size).toBe(3);
    for (const name of ['hf:org/first-merged', 'hf:org/second-merged']) await ui.call(uiModelUnload, { model: name });

    // The model is there already, and is in use while adapters of it come.
    const [plain, first, second] = await Promise.all([
      textOf(one, 'llama'),
      textOf(one, 'first'),
      textOf(two, 'second'),
    ]);
    expect({ plain, first, second }).toEqual(expected);
    const { host } = await ui.call(uiState, {});
    expect(host?.residents).toHaveLength(1);
    expect(host?.residents[0]?.adapters).toEqual(expect.arrayContaining(['hf:org/first', 'hf:org/second']));
    const again = await Promise.all([textOf(two, 'second'), textOf(one, 'llama'), textOf(one, 'first')]);
    expect(again).toEqual([expected.second, expected.plain, expected.first]);
    expect(host?.modelLoads).toBe((await ui.call(uiState, {})).host?.modelLoads);

    // On disk, too, the model is there once.
    const { models } = await ui.call(uiStore, {});
    const cardOf = (name: string) => models.find(({ card }) => card.name === name);
    expect(cardOf('hf:org/first')?.card.description).toMatch(/^Adapter of hf:org\/llama/);
    const weights = hub.requests.filter(({ path }) => path.includes('org/llama') && path.endsWith('model.safetensors'));
    expect(weights).toHaveLength(1);
    expect(cardOf('hf:org/first')?.compiledBytes).toBe(cardOf('hf:org/llama')?.compiledBytes);
  });

  it('load their model where it was not there, and a site is told nothing of what others use', async () => {
    const ui = await useHub();
    const page = await suite.visit('alone');
    await allow(suite.browser, page, { models: ['hf:org/first'] });
    expect(await textOf(page, 'first')).not.toBe('');
    const other = await suite.visit('beside');
    await allow(suite.browser, other, { models: ['hf:org/second'] });
    for (const [site, model] of [
      [page, 'hf:org/first'],
      [other, 'hf:org/second'],
    ] as const) {
      const told = await site.evaluate(async (name) => {
        const { webplat } = window;
        await webplat?.models.load({ model: name, task: 'text-generation' });
        const { availability } = (await webplat?.models.availability({ model: 'hf:org/llama' })) ?? {};
        return { availability, names: (await webplat?.models.list())?.map((card) => card.name) };
      }, model);
      expect(told).toEqual({ availability: 'needs-permission', names: [model] });
    }
    const { host } = await ui.call(uiState, {});
    expect(host?.residents.filter(({ adapters = [] }) => adapters.length > 0)).toHaveLength(1);
    const held = host?.sessions.map(({ models }) => models).filter((models) => models.length > 0);
    expect(held?.sort()).toEqual([['hf:org/first'], ['hf:org/second']]);
  });

  it('do the same on the graphics device', async () => {
    await useHub();
    const page = await suite.visit('graphics');
    const names = ['llama', 'first', 'second', 'first-merged', 'second-merged'];
    await allow(suite.browser, page, { models: names.map((name) => `hf:org/${name}`) });
    const on = async (...asked: readonly string[]) => {
      const texts: string[] = [];
      for (const name of asked) texts.push(await textOf(page, name, 'webgpu'));
      return texts;
    };
    const expected = await on('first-merged', 'second-merged');
    expect(await on('first', 'second', 'first')).toEqual([...expected, expected[0]]);
    expect(await on('llama')).toEqual([await textOf(page, 'llama')]);
  });

  it.each(['wasm', 'webgpu'] as const)(
    'of numbers that are none spoil nothing for other sites, on %s',
    async (backend) => {
      const ui = await useHub();
      const [good, bad] = [await suite.visit(`good-${backend}`), await suite.visit(`bad-${backend}`)];
      await allow(suite.browser, good, { models: ['hf:org/llama', 'hf:org/first'] });
      await allow(suite.browser, bad, { models: ['hf:org/poison', 'hf:org/flood'] });
      const both = async () => [await textOf(good, 'llama', backend), await textOf(good, 'first', backend)];
      const before = await both();
      const { host } = await ui.call(uiState, {});
      // One after the other in the same caches, and side by side.
      const spoilt = await infer(bad, ask('hf:org/poison', backend));
      expect(spoilt).toMatchObject({ ok: false, code: 'model-corrupt' });
      await infer(bad, ask('hf:org/flood', backend));
      expect(await both()).toEqual(before);
      const [, , ...beside] = await Promise.all([
        infer(bad, ask('hf:org/poison', backend)),
        infer(bad, ask('hf:org/flood', backend)),
        textOf(good, 'llama', backend),
        textOf(good, 'first', backend),
      ]);
      expect(beside).toEqual(before);
      expect((await ui.call(uiState, {})).host?.modelLoads).toBe(host?.modelLoads);
    },
  );

  it('are brought while the model is in memory, which sites see and can stop', async () => {
    const ui = await useHub();
    const page = await suite.visit('slow');
    await allow(suite.browser, page, { models: ['hf:org/llama', 'hf:org/slow'] });
    const text = await textOf(page, 'llama');
    const { host } = await ui.call(uiState, {});
    hub.fault({ path: /^\/cdn\// }, { kind: 'drip', bytesPerS: 10_000 });
    const stopped = await bringAdapter(page, true);
    expect(stopped).toMatchObject({ error: 'AbortError', phases: expect.arrayContaining(['download']) });
    // Nobody waits for it, and it comes no further.
    await expect.poll(async () => (await ui.call(uiStore, {})).downloads).toEqual([]);
    hub.clearFaults();
    expect(await bringAdapter(page, false)).toMatchObject({ text: expect.any(String) });
    expect(await textOf(page, 'llama')).toBe(text);
    expect((await ui.call(uiState, {})).host?.modelLoads).toBe(host?.modelLoads);
  });

  it('change an encoder, a decoder, and what lies between them', async () => {
    await useHub();
    const page = await suite.visit('between');
    const names = ['t5', 'across', 'across-merged'];
    const models = names.map((name) => `hf:org/${name}`);
    await allow(suite.browser, page, { models, tasks: ['text2text-generation'] });
    const rewrite = (name: string, options: object = {}) =>
      inferIn(page, {
        model: `hf:org/${name}`,
        task: 'text2text-generation',
        input: 'Nothing happened',
        options: { maxNewTokens: 10, ...options },
        hardware: { precision: 'fp32' },
      });
    const [merged, beams] = [await rewrite('across-merged'), await rewrite('across-merged', { numBeams: 3 })];
    const plain = await rewrite('t5');
    expect(await rewrite('across')).toEqual(merged);
    expect(await rewrite('across', { numBeams: 3 })).toEqual(beams);
    expect(await rewrite('t5')).toEqual(plain);
    expect(merged).not.toEqual(plain);
  });

  it('exchange the head of a model', async () => {
    await useHub();
    const page = await suite.visit('heads');
    await allow(suite.browser, page, {
      models: ['hf:org/vit', 'hf:org/head', 'hf:org/head-merged'],
      tasks: ['image-classification'],
    });
    suite.sites.add('heads', '/image.png', { body: await readFile(`${VIT}/inputs/${IMAGE}`), type: 'image/png' });
    const scores = (name: string) =>
      inferIn(page, {
        model: `hf:org/${name}`,
        task: 'image-classification',
        input: { file: '/image.png' },
        options: { topK: 5 },
        hardware: { precision: 'fp32' },
      });
    const [merged, plain, head] = [await scores('head-merged'), await scores('vit'), await scores('head')];
    expect(head).not.toEqual(plain);
    const rounded = (output: unknown) =>
      (output as { label: string; score: number }[]).map(({ label, score }) => [label, score.toFixed(3)]);
    expect(rounded(head)).toEqual(rounded(merged));
    expect(rounded(await scores('vit'))).toEqual(rounded(plain));
  });

  it.each([
    ['broken', 'model-unsupported', /of type LOHA/],
    ['lost', 'model-unsupported', /org\/gone, which the hub does not have/],
    ['path', 'model-unsupported', /is no repository of a hub/],
    ['other', 'model-corrupt', /do not fit the layer/],
  ])('are refused with a reason: %s', async (name, code, reason) => {
    await useHub();
    const page = await suite.visit('refused');
    // Of others it is found out before the user is asked.
    if (name === 'other') await allow(suite.browser, page, { models: [`hf:org/${name}`] });
    // The hub is asked for a model that it does not have.
    if (name === 'lost') suite.browser.logs.expectError(/404/);
    expect(await refusalOf(page, `hf:org/${name}`)).toMatchObject({ code, reason: expect.stringMatching(reason) });
  });
});
