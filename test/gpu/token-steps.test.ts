import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gridPinpoints } from '../../offscreen/graphs/llava-next.ts';
import { packOrder, planTiles } from '../../offscreen/processing/chat-image/llava-next-tiles.ts';
import { type GoldenCase, type GoldenModel, largestDifference, openGolden } from '../support/golden.ts';
import type { Greedy } from '../support/llava.ts';
import { type ModelPageHost, type OpenModelPage, startModelPage } from './support/model-page.ts';
import type { PlainPicture } from './support/page/tasks-worker.ts';
import { openTaskModel, plainTensor, type TaskModelPage } from './support/task-model.ts';

/** The software adapter takes its time, and so does a machine that does something else besides. */
const TIMEOUT_MS = 300_000;

/** Names of what an encoder takes. */
const ENCODER_INPUTS = { t5: ['input_ids', 'attention_mask'], whisper: ['input_features'] } as const;

const goldens = {
  t5: await openGolden('t5'),
  whisper: await openGolden('whisper'),
  llava: await openGolden('llava'),
  llava_next: await openGolden('llava_next'),
};

describe.each(['wasm', 'webgpu'] as const)('token by token on %s', { timeout: TIMEOUT_MS }, (backend) => {
  let host: ModelPageHost;
  let page: OpenModelPage;
  beforeAll(async () => {
    host = await startModelPage();
    page = await host.open();
  });
  afterAll(() => host.close());
  const open = (fixture: string, graphs: readonly string[]) =>
    openTaskModel({ host, page }, { fixture, backend, graphs });

  describe.each(['t5', 'whisper'] as const)('%s', (fixture) => {
    const golden = goldens[fixture];
    let model: TaskModelPage;
    beforeAll(async () => {
      model = await open(fixture, ['encoder', 'decoder']);
    }, TIMEOUT_MS);
    afterAll(() => model.close());

    const encoderInputs = async (inputs: GoldenCase['inputs'], item = 0) =>
      Object.fromEntries(
        await Promise.all(
          ENCODER_INPUTS[fixture].map(async (name) => [name, await plainTensor(golden, inputs[name], item)] as const),
        ),
      );

    // A step on top of a cache is what every case is computed with.
    const cases = golden.forward.filter(({ inputs }) => ENCODER_INPUTS[fixture].every((name) => inputs[name]));
    it.each(cases)('computes the golden logits: $name', async ({ inputs, outputs }) => {
      const { logits: expected } = outputs;
      if (!expected) throw new Error('The case has no logits.');
      const [batch = 1, length = 1] = inputs.decoder_input_ids?.shape ?? [];
      const tokens = await golden.ids(inputs.decoder_input_ids);
      const logits: number[] = [];
      for (let item = 0; item < batch; item += 1) {
        const ids = tokens.slice(item * length, (item + 1) * length);
        logits.push(...(await model.call('encodedLogits', { inputs: await encoderInputs(inputs, item), ids })));
      }
      expect(largestDifference(logits, await golden.floats(expected))).toBeLessThan(expected.atol ?? 0);
    });

    it.each(greedyCases(fixture))(
      'gives the golden greedy tokens: $name',
      async ({ inputs, text, prompt, new_ids }) => {
        const { suppress_tokens: always = [], begin_suppress_tokens: first = [] } = golden.config;
        const tokens = await model.call('encodedTokens', {
          inputs: text ? textInputs(text) : await encoderInputs(inputs ?? {}),
          prompt,
          maxNewTokens: new_ids.length,
          hushed: { always, first },
        });
        expect(tokens).toEqual(new_ids);
      },
    );
  });

  // Only there is a device that something could be left on.
  if (backend === 'webgpu') {
    it('keys and values of what was encoded are gone from the device with it', async () => {
      const [{ prompt_ids, new_ids }] = goldens.t5.golden.generation;
      const model = await open('t5', ['encoder', 'decoder']);
      const bytes: number[] = [];
      for (let time = 0; time < 3; time += 1) {
        const prompt = [goldens.t5.config.decoder_start_token_id];
        const hushed = { always: [], first: [] };
        const tokens = await model.call('encodedTokens', {
          inputs: textInputs(prompt_ids),
          prompt,
          maxNewTokens: 2,
          hushed,
        });
        expect(tokens).toEqual(new_ids.slice(0, 2));
        bytes.push(await model.call('gpuBytes', {}));
      }
      expect(bytes[0]).toBeGreaterThan(0);
      expect(bytes[2]).toBe(bytes[0]);
      await model.close();
    });
  }

  it('T5 gives the golden tokens of a search with three beams', async () => {
    const [{ prompt_ids, options, new_ids, score }] = goldens.t5.golden.generation_beam;
    const model = await open('t5', ['encoder', 'decoder']);
    const found = await model.call('beams', {
      inputs: textInputs(prompt_ids),
      prompt: [goldens.t5.config.decoder_start_token_id],
      endIds: [goldens.t5.config.eos_token_id],
      options: {
        maxNewTokens: options.max_new_tokens,
        beams: options.num_beams,
        lengthPenalty: options.length_penalty,
        earlyStopping: options.early_stopping,
      },
    });
    expect(found.tokens).toEqual(new_ids);
    expect(Math.abs(found.score - score)).toBeLessThan(SCORE_TOLERANCE);
    await model.close();
  });

  describe.each(['llava', 'llava_next'] as const)('%s', (fixture) => {
    const golden = goldens[fixture];
    let model: TaskModelPage;
    beforeAll(async () => {
      model = await open(fixture, ['vision', 'embedding', 'decoder']);
    }, TIMEOUT_MS);
    afterAll(() => model.close());

    it.each(golden.forward.filter(({ outputs }) => outputs.logits))(
      'computes the golden logits: $name',
      async ({ inputs, outputs }) => {
        const [batch = 1, length = 0, vocabulary = 0] = outputs.logits?.shape ?? [];
        const [tokens, mask] = [await golden.ids(inputs.input_ids), await golden.ids(inputs.attention_mask)];
        const expected = await golden.floats(outputs.logits);
        for (let item = 0; item < batch; item += 1) {
          // Padding is on the left; without it, every text is what it would be alone.
          const start = item * length + mask.slice(item * length).indexOf(1);
          const end = (item + 1) * length;
          const picture = await pictureOf(golden, inputs, item);
          const logits = await model.call('vectorLogits', { ids: tokens.slice(start, end), ...picture });
          const wanted = expected.subarray(start * vocabulary, end * vocabulary);
          expect(largestDifference(logits, wanted)).toBeLessThan(outputs.logits?.atol ?? 0);
        }
      },
    );

    it.each<Greedy>(golden.golden.generation)(
      'gives the golden greedy tokens: $name',
      async ({ prompt_ids, inputs = {}, new_ids }) => {
        const picture = await pictureOf(golden, inputs, 0);
        const tokens = await model.call('vectorTokens', { ids: prompt_ids, ...picture, maxNewTokens: new_ids.length });
        expect(tokens).toEqual(new_ids);
      },
    );
  });
});

/** A score is a mean of logarithms of probabilities, of logits that may differ by as much as T5's golden ones. */
const SCORE_TOLERANCE = 2e-4;

interface GreedyCase {
  readonly name: string;
  readonly inputs?: GoldenCase['inputs'];
  /** Ids of a text, where these are what the encoder is given. */
  readonly text?: readonly number[];
  readonly prompt: readonly number[];
  readonly new_ids: readonly number[];
}

/** Greedy continuations of `golden.json`, with what the encoder is given and what the decoder starts with. */
function greedyCases(fixture: 't5' | 'whisper'): readonly GreedyCase[] {
  const { golden, config } = goldens[fixture];
  if (fixture === 't5') {
    const prompt: number[] = [config.decoder_start_token_id];
    return golden.generation.map(({ name, prompt_ids: text, new_ids }: Greedy) => ({ name, text, prompt, new_ids }));
  }
  return golden.generation.map(
    ({ name, inputs, decoder_prompt_ids: prompt, new_ids }: Greedy & { readonly decoder_prompt_ids: number[] }) => ({
      name,
      inputs,
      prompt,
      new_ids,
    }),
  );
}

/** What a text encoder takes of a text that is not padded. */
function textInputs(ids: readonly number[]) {
  const dims = [1, ids.length];
  return {
    input_ids: { dtype: 'int64', dims, values: ids },
    attention_mask: { dtype: 'int64', dims, values: ids.map(() => 1) },
  } as const;
}

/** One image of a batch, as far as a case has any: of several tiles those that its size needs. */
async function pictureOf(
  golden: GoldenModel,
  { pixel_values, image_sizes }: GoldenCase['inputs'],
  item: number,
): Promise<{ readonly picture?: PlainPicture }> {
  if (!pixel_values) return {};
  const { config } = golden;
  const token = config.image_token_index;
  const pixels = await plainTensor(golden, pixel_values, item);
  if (!image_sizes) return { picture: { pixels, token } };
  const [height = 0, width = 0] = (await golden.ids(image_sizes)).slice(2 * item);
  const { image_size: size, patch_size: patch } = config.vision_config;
  const { tiles, grid } = planTiles([height, width], gridPinpoints(config), size);
  const [, , ...tile] = pixels.dims;
  const values = pixels.values.slice(0, tiles * tile.reduce((product, dim) => product * dim, 1));
  const order = [...packOrder([height, width], grid, Math.floor(size / patch))];
  return { picture: { pixels: { ...pixels, dims: [tiles, ...tile], values }, token, order } };
}
