import type { Page } from 'playwright';
import { familyOf } from '../../offscreen/families/registry.ts';
import type { Value } from '../../offscreen/graphs/build/value.ts';
import { type DecoderShape, storageOf } from '../../offscreen/graphs/graph.ts';
import type { GoldenCase, GoldenModel, GoldenTensor } from '../../test/support/golden.ts';
import { inferIn, type Numbers, runIn } from '../../test/support/infer-in-page.ts';
import { type Check, checkNumbers, checkSame, met, missed, skipped } from './check.ts';

const SCORE_TOLERANCE = 1e-4;
const BOX_TOLERANCE = 0.05;
const NEW_TOKENS = 24;

interface GoldenTask {
  readonly task: string;
  readonly file?: string;
  readonly files?: readonly string[];
  readonly text?: string;
  readonly texts?: readonly string[];
  readonly text_input?: string;
  readonly candidate_labels?: readonly string[];
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
  readonly result?: readonly { readonly label: string; readonly score: number; readonly box?: readonly number[] }[];
  readonly embeddings?: GoldenTensor;
}

const place = (file: string | undefined) => ({ file: `/${file}` });

/** What a site asks for a golden task; undefined where the page API has no such task. */
function requestOf(golden: GoldenTask): { readonly input: unknown; readonly options: object } | undefined {
  const { file, files, candidate_labels: labels, options = {} } = golden;
  const template = options.hypothesis_template && { hypothesisTemplate: options.hypothesis_template };
  switch (golden.task) {
    case 'text-classification':
      return { input: golden.text, options: {} };
    case 'feature-extraction':
      return { input: golden.texts, options };
    case 'image-classification':
      return { input: place(file), options: { topK: options.top_k } };
    case 'object-detection':
      return { input: place(file), options: { threshold: options.threshold } };
    case 'zero-shot-image-classification':
      return { input: { image: place(file), labels }, options: { ...template } };
    case 'zero-shot-audio-classification':
      return { input: { audio: place(file), labels }, options: { ...template } };
    case 'zero-shot-video-classification':
      return { input: { video: files?.map(place), labels }, options: { ...template } };
    case 'automatic-speech-recognition':
      return {
        input: place(file),
        options: { ...(options.language && { language: options.language, maxNewTokens: NEW_TOKENS }) },
      };
    case 'text2text-generation':
      return { input: golden.text_input, options: { maxNewTokens: NEW_TOKENS } };
    case 'text-generation':
      return { input: golden.messages, options: { maxNewTokens: NEW_TOKENS } };
    case 'image-text-to-text':
      return {
        input: golden.messages?.map((message) => withPicture(message, file)),
        options: { maxNewTokens: NEW_TOKENS },
      };
    default:
      return undefined;
  }
}

const withPicture = (
  { role, content }: { readonly role: string; readonly content: unknown },
  file: string | undefined,
) => ({
  role,
  content: Array.isArray(content)
    ? content.map((part: { type: string }) => (part.type === 'image' ? { type: 'image', image: place(file) } : part))
    : content,
});

/** Asks for every golden task as a site does. */
export async function checkTasks(page: Page, model: string, golden: GoldenModel): Promise<Check[]> {
  const checks: Check[] = [];
  for (const one of (golden.golden.tasks ?? []) as readonly GoldenTask[]) {
    const name = `task ${one.task} ${one.file ?? one.text_input ?? one.text?.slice(0, 24) ?? ''}`.trim();
    const request = requestOf(one);
    if (!request) {
      checks.push(skipped(name, 'the page API has no such task'));
      continue;
    }
    checks.push(
      ...(await attempt(name, async () =>
        compareTask(name, one, await inferIn(page, { model, task: one.task, ...request }), golden),
      )),
    );
  }
  return checks;
}

async function compareTask(name: string, one: GoldenTask, output: unknown, golden: GoldenModel): Promise<Check[]> {
  if (one.embeddings) {
    const { data } = output as { data: Record<string, number> };
    return [checkNumbers(name, Object.values(data), await golden.floats(one.embeddings), SCORE_TOLERANCE)];
  }
  if (!one.result) return [checkSame(name, textOf(output).trim(), (one.text ?? '').trim())];
  const found = output as readonly { label: string; score: number; box?: Record<string, number> }[];
  const labels = checkSame(
    `${name}: labels`,
    found.map(({ label }) => label),
    one.result.map(({ label }) => label),
  );
  const scores = checkNumbers(
    `${name}: scores`,
    found.map(({ score }) => score),
    one.result.map(({ score }) => score),
    SCORE_TOLERANCE,
  );
  if (!one.result.some(({ box }) => box)) return [labels, scores];
  const corners = found.flatMap(({ box }) => Object.values(box ?? {}));
  return [
    labels,
    scores,
    checkNumbers(
      `${name}: boxes`,
      corners,
      one.result.flatMap(({ box }) => [...(box ?? [])]),
      BOX_TOLERANCE,
    ),
  ];
}

function textOf(output: unknown): string {
  if (typeof output === 'string') return output;
  if (Array.isArray(output)) return String((output[0] as { generated_text: string }).generated_text);
  return (output as { text: string }).text;
}

interface GoldenGeneration {
  readonly name: string;
  readonly prompt?: string;
  readonly text?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Continues every golden prompt as a site does. */
export async function checkGeneration(page: Page, model: string, golden: GoldenModel): Promise<Check[]> {
  const tasks = Object.keys(familyOf(golden.config).tasks(golden.config));
  const task = ['text-generation', 'text2text-generation'].find((name) => tasks.includes(name));
  const checks: Check[] = [];
  for (const { name: own, prompt, text, options = {} } of (golden.golden.generation ?? []) as GoldenGeneration[]) {
    const name = `generation ${own}`;
    const more = Object.keys(options).filter(
      (key) => !['max_new_tokens', 'do_sample', 'repetition_penalty'].includes(key),
    );
    if (!task || prompt === undefined || text === undefined || more.length > 0) {
      checks.push(
        skipped(
          name,
          more.length > 0 ? `the page API has no ${more.join(', ')}` : 'no text goes in, or none comes out',
        ),
      );
      continue;
    }
    const { max_new_tokens: maxNewTokens, repetition_penalty: repetitionPenalty } = options;
    const wanted = { maxNewTokens, ...(repetitionPenalty !== undefined && { repetitionPenalty }) };
    checks.push(
      ...(await attempt(name, async () => [
        checkSame(
          name,
          textOf(await inferIn(page, { model, task, input: prompt, options: wanted })).trim(),
          text.trim(),
        ),
      ])),
    );
  }
  return checks;
}

/** Runs the graphs of every golden forward case that one graph computes by itself. */
export async function checkForward(page: Page, model: string, golden: GoldenModel): Promise<Check[]> {
  const { components } = familyOf(golden.config);
  const checks: Check[] = [];
  for (const one of golden.forward) {
    const compared = new Set<string>();
    for (const [graph, emit] of Object.entries(components)) {
      const emitted = emit(golden.config, golden.table, storageOf('fp32'));
      const inputs = emitted.shape ? decoderInputs(one, emitted.shape) : graphInputs(one, emitted.inputs);
      if (!inputs) continue;
      const name = `forward ${one.name}, ${graph}`;
      checks.push(
        ...(await attempt(name, async () => {
          const outputs = await runIn(page, {
            model,
            graph,
            inputs: await numbersOf(golden, one, inputs, emitted.shape !== undefined),
          });
          return compareOutputs(name, golden, one, outputs, compared);
        })),
      );
    }
    for (const output of Object.keys(one.outputs)) {
      if (!compared.has(output)) checks.push(skipped(`forward ${one.name}: ${output}`, 'no single graph gives it'));
    }
  }
  return checks;
}

/** A decoder takes the tokens of one text without padding; other cases need caches or vectors that a golden case has not. */
function decoderInputs({ inputs }: GoldenCase, shape: DecoderShape): readonly string[] | undefined {
  const alone = inputs.input_ids?.shape[0] === 1 && !inputs.position_ids && !inputs.pixel_values;
  return alone && !inputs.decoder_input_ids && !shape.embeddings ? ['input_ids'] : undefined;
}

/** A graph takes tensors of its own shapes; a mask may be left out. */
function graphInputs({ inputs }: GoldenCase, wanted: readonly Value[]): readonly string[] | undefined {
  const fits = ({ name, dims }: Value): boolean => {
    const given = inputs[name];
    if (!given) return name === 'attention_mask';
    const shape = given.pad_to ?? given.shape;
    return shape.length === dims.length && dims.every((dim, at) => typeof dim !== 'number' || dim === shape[at]);
  };
  return wanted.every(fits) ? wanted.map(({ name }) => name) : undefined;
}

async function numbersOf(
  golden: GoldenModel,
  one: GoldenCase,
  names: readonly string[],
  decodes: boolean,
): Promise<Record<string, Numbers>> {
  const entries = await Promise.all(
    names.map(async (name) => {
      const given = one.inputs[name];
      if (given) {
        const { type, dims, data } = await golden.feed(given);
        return [
          name,
          { dtype: type as Numbers['dtype'], dims: [...dims], values: Array.from(data as ArrayLike<number>, Number) },
        ] as const;
      }
      // A mask that a case leaves out keeps everything.
      const dims = [...(Object.values(one.inputs)[0]?.shape ?? [])];
      return [
        name,
        { dtype: 'int64' as const, dims, values: new Array<number>(dims.reduce((a, b) => a * b, 1)).fill(1) },
      ] as const;
    }),
  );
  const inputs: Record<string, Numbers> = Object.fromEntries(entries);
  if (decodes) {
    const tokens = inputs.input_ids?.values.length ?? 0;
    inputs.logit_positions = { dtype: 'int64', dims: [tokens], values: Array.from({ length: tokens }, (_, at) => at) };
  }
  return inputs;
}

async function compareOutputs(
  name: string,
  golden: GoldenModel,
  one: GoldenCase,
  outputs: Readonly<Record<string, Numbers>>,
  compared: Set<string>,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [output, { values }] of Object.entries(outputs)) {
    const expected = one.outputs[output];
    // What holds under a mask or at some positions only is compared by the tests of graphs.
    if (!expected || expected.compare || expected.slice || compared.has(output)) continue;
    const wanted = await golden.floats(expected);
    if (wanted.length !== values.length) continue;
    compared.add(output);
    checks.push(checkNumbers(`${name}: ${output}`, values, wanted, expected.atol ?? 0));
  }
  return checks.length > 0 ? checks : [met(name, 'ran; nothing golden is among its outputs')];
}

async function attempt(name: string, work: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await work();
  } catch (error) {
    return [missed(name, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error))];
  }
}
