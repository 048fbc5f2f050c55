import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../offscreen/lab/lab.ts';
import { ensureHeadlessShell, WEBNN_FLAGS } from '../../scripts/browsers/headless-shell.ts';
import type { Placement } from '../../src/protocol/model.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import type { WireTensor } from '../../src/protocol/tensor.ts';
import { askStoryteller, readQuestions } from '../support/ask-storyteller.ts';
import { type GoldenCase, type GoldenModel, largestDifference, openGolden } from '../support/golden.ts';
import { serveLab } from '../support/lab-server.ts';
import type { PlainTensor } from './support/page/plain-tensor.ts';

/** One run of a graph: what it takes of a golden case and of runs before it, and which golden outputs it gives. */
interface Run {
  readonly graph: string;
  readonly case?: string;
  /** Takes the first axis off the inputs, which the reference has and the graph has not. */
  readonly flat?: true;
  /** Name of a golden input, or of another run's output after its graph: `encoder/last_hidden_state`; by input name. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Golden name by output name. */
  readonly outputs: Readonly<Record<string, string>>;
}

const same = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]));
const TEXT = same('input_ids', 'attention_mask');
const logits = same('logits');
const decoder: Run = { graph: 'decoder', inputs: same('input_ids'), outputs: logits };

/** The reference models, and all of the graphs that each is made of. */
const RUNS: Readonly<Record<string, readonly Run[]>> = {
  bert: [
    {
      graph: 'text',
      case: 'batch_padded',
      inputs: { ...TEXT, ...same('token_type_ids') },
      outputs: same('logits', 'mean_pooled', 'pooler_output'),
    },
  ],
  vit: [{ graph: 'vision', inputs: same('pixel_values'), outputs: same('logits', 'last_hidden_state') }],
  clip: [
    { graph: 'text', inputs: TEXT, outputs: same('text_embeds') },
    { graph: 'vision', inputs: same('pixel_values'), outputs: same('image_embeds') },
  ],
  clap: [
    { graph: 'text', inputs: TEXT, outputs: same('text_embeds') },
    { graph: 'audio', inputs: same('input_features'), outputs: same('audio_embeds') },
  ],
  x_clip: [
    { graph: 'text', inputs: TEXT, outputs: {} },
    { graph: 'video', inputs: same('pixel_values'), outputs: same('video_embeds') },
    {
      graph: 'prompts',
      inputs: {
        text_features: 'text/text_features',
        video_embeds: 'video/video_embeds',
        patch_features: 'video/patch_features',
      },
      outputs: same('logits_per_video'),
    },
  ],
  detr: [{ graph: 'vision', inputs: same('pixel_values', 'pixel_mask'), outputs: same('logits', 'pred_boxes') }],
  wav2vec2: [{ graph: 'audio', inputs: same('input_values', 'attention_mask'), outputs: logits }],
  whisper: [
    { graph: 'encoder', inputs: same('input_features'), outputs: {} },
    {
      graph: 'decoder',
      inputs: { input_ids: 'decoder_input_ids', encoder_hidden_states: 'encoder/last_hidden_state' },
      outputs: logits,
    },
  ],
  t5: [
    { graph: 'encoder', inputs: TEXT, outputs: { last_hidden_state: 'encoder_last_hidden_state' } },
    {
      graph: 'decoder',
      inputs: {
        input_ids: 'decoder_input_ids',
        encoder_hidden_states: 'encoder/last_hidden_state',
        encoder_attention_mask: 'attention_mask',
      },
      outputs: logits,
    },
  ],
  llama: [decoder],
  qwen2: [decoder],
  qwen3: [decoder],
  llava: [
    { graph: 'vision', case: 'image_features', inputs: same('pixel_values'), outputs: same('image_features') },
    { graph: 'embedding', case: 'text_only', inputs: same('input_ids'), outputs: {} },
    { graph: 'decoder', case: 'text_only', inputs: { inputs_embeds: 'embedding/inputs_embeds' }, outputs: logits },
  ],
  llava_next: [
    {
      graph: 'vision',
      case: 'image_features',
      flat: true,
      inputs: same('pixel_values'),
      outputs: same('image_features'),
    },
    { graph: 'embedding', case: 'text_only', inputs: same('input_ids'), outputs: {} },
    { graph: 'decoder', case: 'text_only', inputs: { inputs_embeds: 'embedding/inputs_embeds' }, outputs: logits },
  ],
};

interface Asked {
  readonly backend: Settings['backend'];
  readonly model: string;
  readonly graph: string;
  readonly inputs: Readonly<Record<string, PlainTensor>>;
}

/** Runs in the page: one graph on plain numbers; answers its outputs, and where the model ran. */
async function runInPage({ backend, model, graph, inputs }: Asked) {
  const lab: Lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  await lab.configure({ backend });
  const wire = Object.entries(inputs).map(([name, { dtype, dims, values }]): [string, WireTensor] => {
    const data = dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
    return [name, { dtype, dims: [...dims], data: data.buffer }];
  });
  const { outputs } = await lab.run({ model, graph, inputs: Object.fromEntries(wire) }).catch((error) => {
    throw new Error(`${error.message} ${JSON.stringify(error.data)}`);
  });
  const resident = (await lab.status()).residents.find(({ name }) => name === model);
  const plain = Object.entries(outputs).map(([name, { dims, data }]) => {
    return [name, { dtype: 'float32' as const, dims, values: Array.from(new Float32Array(data)) }] as const;
  });
  return { outputs: Object.fromEntries(plain), resident };
}

describe('the host as a plain page with WebNN', () => {
  let browser: Browser;
  let page: Page;
  let server: Awaited<ReturnType<typeof serveLab>>;
  const errors: string[] = [];
  beforeAll(async () => {
    server = await serveLab({ fixtures: Object.keys(RUNS) });
    browser = await chromium.launch({ executablePath: await ensureHeadlessShell(), args: WEBNN_FLAGS });
    page = await browser.newPage();
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await page.goto(server.url);
  });
  afterAll(async () => {
    expect(errors).toEqual([]);
    await browser?.close();
    await server?.close();
  });

  it.each(Object.keys(RUNS))('%s: computes the golden outputs, all of it on WebNN', async (fixture) => {
    const golden = await openGolden(fixture);
    const runs = RUNS[fixture] ?? [];
    const known = new Map<string, PlainTensor>();
    let placements: readonly Placement[] = [];
    for (const { graph, case: wanted, flat, inputs: named, outputs } of runs) {
      const one = wanted ? golden.caseOf(wanted) : (golden.forward[0] as GoldenCase);
      const inputs: Record<string, PlainTensor> = {};
      for (const [name, from] of Object.entries(named))
        inputs[name] = known.get(from) ?? (await plain(golden, one, from));
      if (flat) for (const tensor of Object.values(inputs)) tensor.dims.shift();
      const tokens = (inputs.input_ids ?? inputs.inputs_embeds)?.dims[1] ?? 0;
      if (graph === 'decoder') inputs.logit_positions = numbered(tokens);
      const asked: Asked = { backend: 'webnn', model: `packaged:${fixture}`, graph, inputs };
      const result = await page.evaluate(runInPage, asked);
      for (const [name, tensor] of Object.entries(result.outputs)) known.set(`${graph}/${name}`, tensor);
      for (const [name, reference] of Object.entries(outputs)) {
        const expected = one.outputs[reference] ?? expect.fail(`There is no golden ${reference}.`);
        const error = largestDifference(result.outputs[name]?.values ?? [], await golden.floats(expected));
        expect(error, `${graph}: ${name}`).toBeLessThan(expected.atol ?? 0);
      }
      expect(result.resident).toMatchObject({ backend: 'REAL_WEBNN', tier: 'jspi/webnn-cpu' });
      placements = result.resident?.placements ?? [];
    }
    console.log(
      placements
        .map(({ component, nodes, webnnNodes }) => `${fixture} ${component}: ${webnnNodes}/${nodes}`)
        .join(', '),
    );
    for (const { component, nodes, webnnNodes, reason } of placements) {
      expect(reason, component).toBeUndefined();
      expect(nodes, component).toBeGreaterThan(0);
      expect(webnnNodes, component).toBe(nodes);
    }
    expect(placements.map(({ component }) => component)).toEqual(
      expect.arrayContaining(runs.map(({ graph }) => graph)),
    );
  });

  it('streams the right answers from the packaged model, token by token', async () => {
    for (const { prompt, answer } of await readQuestions(1)) {
      const asked = { backend: 'webnn', input: prompt } as const;
      const result = await page.evaluate(askStoryteller, asked as Parameters<typeof askStoryteller>[0]);
      expect(result.text).toBe(answer);
      expect(result.pieces.length).toBeGreaterThan(1);
      expect(result.execution.backend).toBe('REAL_WEBNN');
      expect(result.tier).toBe('jspi/webnn-cpu');
      expect(result.extension).toBe(false);
    }
  });

  /** Opens the lab once more, after what `prepare` did to the page, and runs a graph of ViT there. */
  async function runElsewhere(prepare: (page: Page) => Promise<unknown>) {
    const other = await browser.newPage();
    await prepare(other);
    await other.goto(server.url);
    const golden = await openGolden('vit');
    const one = golden.forward[0] as GoldenCase;
    const inputs = { pixel_values: await plain(golden, one, 'pixel_values') };
    const asked: Asked = { backend: 'webnn', model: 'packaged:vit', graph: 'vision', inputs };
    const result = await other.evaluate(runInPage, asked).finally(() => other.close());
    const error = largestDifference(result.outputs.logits?.values ?? [], await golden.floats(one.outputs.logits));
    expect(error).toBeLessThan(one.outputs.logits?.atol ?? 0);
    return result.resident;
  }

  it('computes on the processor what WebNN refuses to build, and says so', async () => {
    const refuse = "MLGraphBuilder.prototype.build = () => Promise.reject(new Error('Out of luck.'));";
    const resident = await runElsewhere((other) =>
      other.route('**/ort/provider-options.mjs', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: `${await response.text()}\n${refuse}` });
      }),
    );
    expect(resident).toMatchObject({
      backend: 'REAL_WASM',
      tier: 'jspi/webnn-cpu',
      placements: [{ component: 'vision', webnnNodes: 0, reason: expect.stringContaining('WebNN refused') }],
    });
  });

  it('says why, where the browser opens no context', async () => {
    const none = () =>
      Object.assign((navigator as unknown as { ml: object }).ml, { createContext: async () => Promise.reject('No.') });
    await expect(runElsewhere((other) => other.addInitScript(none))).rejects.toThrow(
      'jspi/webnn-cpu: The browser opens no WebNN context for the cpu.',
    );
  });
});

/** A golden input as numbers; a mask that a case leaves out keeps everything. */
async function plain(golden: GoldenModel, { inputs }: GoldenCase, name: string): Promise<PlainTensor> {
  const given = inputs[name];
  if (given) {
    const { type, dims, data } = await golden.feed(given);
    return { dtype: type as PlainTensor['dtype'], dims: [...dims], values: Array.from(data as Float32Array, Number) };
  }
  const [like] = Object.values(inputs);
  if (!like) throw new Error('The case has no inputs.');
  const dims = [...like.shape];
  return { dtype: 'int64', dims, values: new Array(dims.reduce((a, b) => a * b, 1)).fill(1) };
}

/** Positions of all of `count` tokens. */
const numbered = (count: number): PlainTensor => ({ dtype: 'int64', dims: [count], values: [...Array(count).keys()] });
