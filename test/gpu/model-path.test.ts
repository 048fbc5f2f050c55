import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ModelPageHost, type OpenModelPage, startModelPage } from './support/model-page.ts';
import { expectError, expectValue } from './support/outcome.ts';
import type { LoadArguments } from './support/page/main.ts';
import { rendererBytes } from './support/process-memory.ts';

const PROMPT = '<|begin|>Once upon a time, there was a';
const WEIGHTS = '/models/storyteller/model.safetensors';
const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

describe('the model path', () => {
  let host: ModelPageHost;
  let page: OpenModelPage;
  beforeAll(async () => {
    host = await startModelPage();
  });
  beforeEach(async () => {
    page = await host.open();
  });
  afterEach(() => page.close());
  afterAll(() => host.close());

  const load = async (options: Partial<Parameters<OpenModelPage['call']>[1]> & object = {}) =>
    page.call('load', { backend: 'wasm', precision: 'q4', ...options });
  const generate = async (model: number, options: object = {}) =>
    expectValue(await page.call('generate', { model, input: PROMPT, maxNewTokens: 24, ...options }));

  /** The packaged model with one file replaced, described as if it had always been so. */
  async function withFile(file: string, content: Uint8Array): Promise<Pick<LoadArguments, 'manifest' | 'replaced'>> {
    const manifest = await page.call('manifest');
    host.replace(`/models/storyteller/${file}`, content);
    const files = manifest.files.map((entry) =>
      entry.path === file ? { ...entry, bytes: content.byteLength } : entry,
    );
    const replaced = { [file]: { bytes: content.byteLength, sha256: sha256(content) } };
    return { manifest: { ...manifest, contentHash: sha256(content), files }, replaced };
  }

  describe('files that are not what they should be', () => {
    afterEach(() => {
      for (const file of ['model.safetensors', 'tokenizer.json', 'config.json']) {
        host.replace(`/models/storyteller/${file}`, undefined);
      }
    });

    it('refuses an altered file by its hash', async () => {
      const content = await readFile('models/storyteller/model.safetensors');
      content[1_000_000] = (content[1_000_000] ?? 0) ^ 1;
      host.replace(WEIGHTS, content);
      expect(expectError(await load())).toMatchObject({
        code: 'model-corrupt',
        data: { reason: 'model.safetensors is not what was packaged.' },
      });
    });

    it('refuses a file that was cut short', async () => {
      host.replace(WEIGHTS, (await readFile('models/storyteller/model.safetensors')).subarray(0, 5_000_000));
      expect(expectError(await load())).toMatchObject({ code: 'model-corrupt' });
    });

    it.each<[string, (content: Buffer) => Uint8Array, string]>([
      ['cut short', (content) => content.subarray(0, 5_000_000), 'The file ends inside a tensor.'],
      ['without its header', (content) => content.subarray(100), 'The header is too long.'],
    ])('refuses weights packaged %s', async (_what, damage, reason) => {
      const content = damage(await readFile('models/storyteller/model.safetensors'));
      expect(expectError(await load(await withFile('model.safetensors', content)))).toMatchObject({
        code: 'model-corrupt',
        data: { reason },
      });
    });

    it("refuses another model's tokenizer", async () => {
      const changed = await withFile('tokenizer.json', await readFile('test/fixtures/models/llama/tokenizer.json'));
      expect(expectError(await load(changed))).toMatchObject({ code: 'model-corrupt' });
    });

    it('refuses a model of a family that it does not know', async () => {
      const config = JSON.parse(await readFile('models/storyteller/config.json', 'utf8'));
      const content = Buffer.from(JSON.stringify({ ...config, model_type: 'mystery' }));
      const changed = await withFile('config.json', content);
      expect(expectError(await load(changed))).toMatchObject({ code: 'model-unsupported' });
    });
  });

  it('counts tokens, and refuses what does not fit or does not belong', async () => {
    const { model } = expectValue(await load());
    expect(await page.call('countTokens', model, PROMPT)).toEqual({ value: 9 });
    const long = await page.call('generate', { model, input: 'word '.repeat(600) });
    expect(expectError(long)).toMatchObject({ code: 'context-overflow', data: { quota: 511 } });
    expect(expectError(await page.call('score', model, [1, 2048]))).toMatchObject({ code: 'invalid-request' });
  });

  it('stops between tokens when aborted, and goes on with the next request', async () => {
    const { model } = expectValue(await load());
    const aborted = await page.call('generate', { model, input: PROMPT, maxNewTokens: 400, abortAfter: 3 });
    expect(expectError(aborted)).toMatchObject({ name: 'AbortError' });
    expect((await generate(model)).outputTokens).toBe(24);
  });

  it.each(['wasm', 'webgpu'] as const)('gives concurrent requests what each gets alone, on %s', async (backend) => {
    const { model } = expectValue(await load({ backend }));
    const prompts = [PROMPT, '<|begin|>Lily had a red kite. One windy day,', PROMPT, 'Tom', PROMPT];
    const maxNewTokens = backend === 'wasm' ? 24 : 3;
    const together = await Promise.all(prompts.map((input) => generate(model, { input, maxNewTokens })));
    for (const [i, input] of prompts.entries()) {
      expect(together[i]?.text).toBe((await generate(model, { input, maxNewTokens })).text);
    }
  });

  it('takes no more memory than it may have, and says what it needs', async () => {
    const within = async (gpuBudgetBytes: number) => load({ backend: 'webgpu', gpuBudgetBytes });
    await page.call('wanted');
    const { code, data } = expectError(await within(0));
    expect(code).toBe('out-of-memory');
    const least = Number((data as { requested?: number }).requested);
    const needs = (await page.call('wanted')).map(({ gpuBytes }) => gpuBytes);
    expect(least).toBe(Math.min(...needs));
    expect(expectError(await within(least - 1))).toMatchObject({ code: 'out-of-memory', data: { requested: least } });
    // The last four keep 3, 2, 1 and none of the 6 layers in memory.
    const [eight = 0, four = 0] = needs.slice(-6);
    // Ends and caches of 8 bits change no token here; ends of 4 bits, the last resort but for reading layers from disk, do.
    for (const [budget, text, streamedLayers] of [
      [eight, ' quiet boy', undefined],
      [four, ' friendly boy', undefined],
      [least, ' quiet boy', 6],
    ] as const) {
      const { model, info, memory } = expectValue(await within(budget));
      expect(info).toMatchObject({ maxSequences: 1 });
      expect(info.streaming?.streamedLayers).toBe(streamedLayers);
      expect((await generate(model, { maxNewTokens: 2 })).text).toBe(text);
      expect(memory.gpuBytes).toBeLessThanOrEqual(budget);
    }
  });

  it('gives the same sample for the same seed', async () => {
    const { model } = expectValue(await load());
    const options = { temperature: 0.9, topP: 0.95, seed: 7 };
    const first = await generate(model, { options });
    expect((await generate(model, { options })).text).toBe(first.text);
    expect((await generate(model, { options: { ...options, seed: 8 } })).text).not.toBe(first.text);
  });

  it('says which tier runs and why others do not', async () => {
    const { info } = expectValue(await load({ backend: 'auto' }));
    expect(info).toMatchObject({ backend: 'REAL_WASM', tier: 'wasm/cpu' });
    expect(info.passedOver.map(({ tier }) => tier)).toEqual(['jspi/webgpu', 'asyncify/webgpu']);
  });

  it('runs without promise integration, on the rewritten build', async () => {
    const { model, info } = expectValue(await load({ backend: 'webgpu', withoutJspi: true }));
    expect(info).toMatchObject({ tier: 'asyncify/webgpu', adapter: 'google swiftshader' });
    expect((await generate(model, { maxNewTokens: 2 })).text).toBe(' quiet boy');
  });

  it('reports a lost device as retryable and loads anew', async () => {
    const { model } = expectValue(await load({ backend: 'webgpu' }));
    const running = page.call('generate', { model, input: PROMPT, maxNewTokens: 400 });
    const failure = page.call('failure', model);
    // The model's worker is the first; those that converted it came later, and may be on their way out.
    await page.page
      .workers()
      .at(0)
      ?.evaluate(() => {
        for (const device of (globalThis as unknown as { testDevices: GPUDevice[] }).testDevices) device.destroy();
      });
    expect(expectError(await running)).toMatchObject({ code: 'device-lost' });
    expect(await failure).toMatchObject({ code: 'device-lost' });
    expect(await page.call('memory', model)).toEqual({ gpuBytes: 0, cpuBytes: 0 });
    const again = expectValue(await load({ backend: 'webgpu' }));
    expect((await generate(again.model, { maxNewTokens: 2 })).text).toBe(' quiet boy');
  });

  it('gives a model up whose device reports an error that nobody was watching for', async () => {
    const { model } = expectValue(await load({ backend: 'webgpu' }));
    const failure = page.call('failure', model);
    // The model's worker is the first; those that converted it came later, and may be on their way out.
    await page.page
      .workers()
      .at(0)
      ?.evaluate(() => {
        // A buffer that may be both mapped for reading and used as storage is not allowed.
        for (const device of (globalThis as unknown as { testDevices: GPUDevice[] }).testDevices) {
          device.createBuffer({ size: 4, usage: 0x0001 | 0x0080 });
          // Browsers send commands in batches.
          device.queue.submit([]);
        }
      });
    expect(await failure).toMatchObject({ code: 'engine-failed' });
    const again = expectValue(await load({ backend: 'webgpu' }));
    expect((await generate(again.model, { maxNewTokens: 2 })).text).toBe(' quiet boy');
  });

  it('keeps the compiled model, and makes it anew when it is damaged', async () => {
    const first = expectValue(await load());
    expect(first.phases).toContain('quantize');
    await page.reload();
    const second = expectValue(await load());
    expect(second.phases).not.toContain('quantize');
    const { text } = await generate(second.model);
    console.log(`load: cold ${first.ms.toFixed(0)} ms, warm ${second.ms.toFixed(0)} ms`);
    for (const how of ['flip', 'truncate'] as const) {
      expect(await page.call('damageCache', how)).toBe(1);
      const rebuilt = expectValue(await load());
      expect(rebuilt.phases).toContain('quantize');
      expect((await generate(rebuilt.model)).text).toBe(text);
      expect(expectValue(await load()).phases).not.toContain('quantize');
    }
  });

  it('gives memory back when a model is disposed', async () => {
    const before = await rendererBytes();
    const { model, memory } = expectValue(await load({ precision: 'fp32' }));
    await generate(model);
    const taken = (await rendererBytes()) - before;
    expect(memory.cpuBytes).toBeGreaterThan(16 * 2 ** 20);
    expect(taken).toBeGreaterThan(memory.cpuBytes);
    await page.call('dispose', model);
    expect(await page.call('memory', model)).toEqual({ gpuBytes: 0, cpuBytes: 0 });
    expect(expectError(await page.call('countTokens', model, 'x'))).toMatchObject({ code: 'session-ended' });
    // The browser ends a worker in its own time; what is left then is code that stays compiled for the next one.
    await vi.waitFor(async () => expect((await rendererBytes()) - before).toBeLessThan(taken / 2), 20_000);
    console.log(`renderer: ${taken} bytes with the model, ${(await rendererBytes()) - before} after it`);
  });

  it('works without a graphics adapter', async () => {
    const plain = await host.open({ gpu: false });
    expect(await plain.call('capabilities')).toMatchObject({ tiers: ['wasm'] });
    const refused = expectError(await plain.call('load', { backend: 'webgpu', precision: 'q4' }));
    expect(refused).toMatchObject({ code: 'no-backend' });
    const { model } = expectValue(await plain.call('load', { backend: 'auto', precision: 'q4' }));
    const { text } = expectValue(await plain.call('generate', { model, input: PROMPT, maxNewTokens: 2 }));
    expect(text).toBe(' quiet boy');
    await plain.close();
  });
});
