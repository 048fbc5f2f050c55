import { createSampler } from '../../offscreen/tasks/sampling.ts';
import type { GoldenCase } from '../../test/support/golden.ts';
import { checkSame, checkTokens, skipped } from './check.ts';
import { type About, continueText, decodes, imageFeatures } from './decoding.ts';
import { idsOf } from './numbers.ts';
import type { Subject } from './subject.ts';

interface Options {
  readonly max_new_tokens: number;
  readonly do_sample?: boolean;
  readonly repetition_penalty?: number;
  readonly eos_token_id?: number;
  readonly num_beams?: number;
  readonly length_penalty?: number;
  readonly early_stopping?: boolean;
  readonly language?: string;
  readonly task?: string;
  readonly return_timestamps?: boolean;
}

/** A case of `generation` in `golden.json`, and of its like. */
interface Generation {
  readonly name: string;
  readonly prompt?: string;
  readonly prompt_ids?: readonly number[];
  readonly inputs?: GoldenCase['inputs'];
  readonly file?: string;
  readonly options: Options;
  readonly new_ids: readonly number[];
  readonly text?: string;
}

/** A case of `generation_batch`. */
interface Batch {
  readonly name: string;
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
  readonly files?: readonly string[];
  readonly options: Options;
  readonly new_ids: readonly (readonly number[])[];
}

/** Where a site has a file of the model's inputs. */
export const place = (file: string | undefined) => ({ file: `/${file}` });

/** The text of an output, whichever task gave it. */
export function textOf(output: unknown): string {
  if (typeof output === 'string') return output;
  if (Array.isArray(output)) return String((output[0] as { generated_text: string }).generated_text);
  return (output as { text: string }).text;
}

const casesOf = <T>({ golden }: Subject, section: string): readonly T[] => (golden.golden[section] ?? []) as T[];

/**
 * Continues every golden prompt: token by token, by runs of the graphs, because tasks do not tell ids; and as a text, by the task
 * that writes it.
 */
export async function checkGeneration(subject: Subject): Promise<void> {
  const { ledger } = subject;
  for (const one of casesOf<Generation>(subject, 'generation')) {
    const name = `generation ${one.name}`;
    if (one.prompt_ids) await ledger.attempt(`${name}: ids`, () => checkIds(subject, `${name}: ids`, one));
    await ledger.attempt(`${name}: text`, () => checkText(subject, `${name}: text`, one));
  }
  for (const one of casesOf<Generation>(subject, 'generation_timestamps')) {
    const name = `generation_timestamps ${one.name}: text`;
    await ledger.attempt(name, () => checkText(subject, name, one));
  }
  for (const one of casesOf<Generation>(subject, 'generation_beam')) {
    const name = `generation_beam ${one.name}: text`;
    await ledger.attempt(name, () => checkText(subject, name, one));
  }
  for (const one of casesOf<Batch>(subject, 'generation_batch')) {
    const singles = casesOf<Generation>(subject, 'generation');
    for (const [at, new_ids] of one.new_ids.entries()) {
      const name = `generation_batch ${one.name}: ids of text ${at}, alone`;
      const prompt_ids = (one.input_ids[at] ?? []).filter((_, place) => one.attention_mask[at]?.[place] === 1);
      // Pictures of a batch are named by their files; the tensors of them are with the cases of one text.
      const inputs = singles.find(({ file }) => file !== undefined && file === one.files?.[at])?.inputs;
      const single = { name: one.name, options: one.options, prompt_ids, new_ids, ...(inputs && { inputs }) };
      await ledger.attempt(name, () => checkIds(subject, name, single, `batch_${at}`));
    }
  }
}

async function checkIds(subject: Subject, name: string, one: Generation, suffix = 'new_ids'): Promise<void> {
  const { options, prompt_ids: prompt = [], new_ids: expected } = one;
  const { ledger, exact } = subject;
  if (!decodes(subject) || options.do_sample || (options.num_beams ?? 1) > 1) {
    ledger.add(skipped(name, 'its tokens are not the likeliest one after the other'));
    return;
  }
  const { start, about } = await beginning(subject, one);
  const sample = createSampler({ repetitionPenalty: options.repetition_penalty ?? 1 }, start);
  const tokens = await continueText(subject, start, about, {
    maxNewTokens: options.max_new_tokens,
    endIds: options.eos_token_id === undefined ? endIdsOf(subject) : new Set([options.eos_token_id]),
    choose: sample,
  });
  ledger.keep(`generation.${one.name}/${suffix}`, idsOf(tokens, [tokens.length]));
  ledger.add(checkTokens(`${name} of ${prompt.length} tokens`, tokens, expected, exact));
}

/** What a decoder begins with: the prompt, or a token about what an encoder made of the prompt. */
async function beginning(subject: Subject, one: Generation): Promise<{ start: readonly number[]; about: About }> {
  const { prompt_ids: prompt = [], inputs = {} } = one;
  if (!subject.graphs.has('encoder')) {
    return { start: prompt, about: { features: await imageFeatures(subject, inputs) } };
  }
  const mask = idsOf(prompt.map(() => 1));
  const { last_hidden_state: states } = await subject.run('encoder', {
    input_ids: idsOf(prompt),
    attention_mask: mask,
  });
  if (!states) throw new Error('The encoder gave no states.');
  return { start: [startIdOf(subject)], about: { states, mask } };
}

function startIdOf({ texts }: Subject): number {
  const files = [texts.file('generation_config.json'), texts.config] as readonly (
    | Record<string, unknown>
    | undefined
  )[];
  for (const field of ['decoder_start_token_id', 'pad_token_id']) {
    for (const file of files) if (typeof file?.[field] === 'number') return file[field];
  }
  throw new Error('The model does not say which token a text begins with.');
}

const endIdsOf = ({ texts }: Subject): ReadonlySet<number> => texts.tokenizer().endIds;

/** Asks for the text by the task that writes it. */
async function checkText(subject: Subject, name: string, one: Generation): Promise<void> {
  const { ledger, texts, exact } = subject;
  const request = textRequest(subject, one);
  const text = one.text ?? texts.words().decode([...one.new_ids]);
  if (typeof request === 'string') {
    ledger.add(skipped(name, request));
    return;
  }
  const output = await subject.infer(request.task, request.input, request.options);
  ledger.add(checkSame(name, textOf(output).trim(), text.trim(), exact));
}

/** The request for a text, or why there is none. */
function textRequest({ family, golden }: Subject, one: Generation) {
  const tasks = family.tasks(golden.config);
  const { max_new_tokens: maxNewTokens, repetition_penalty: repetitionPenalty, num_beams: numBeams } = one.options;
  const { length_penalty = 1, early_stopping = false, do_sample = false, eos_token_id } = one.options;
  if (eos_token_id !== undefined) return 'a site cannot say which token ends a text; its ids are compared';
  if (do_sample) return 'what is drawn at random is not the same elsewhere';
  if (length_penalty !== 1 || early_stopping) return 'the page API has no such option of beam search';
  if (tasks['automatic-speech-recognition'] && one.file !== undefined) {
    const { language, task, return_timestamps: returnTimestamps } = one.options;
    const options = { maxNewTokens, ...(language && { language }), ...(task && { task }), returnTimestamps };
    return { task: 'automatic-speech-recognition', input: place(one.file), options };
  }
  const options = {
    maxNewTokens,
    ...(repetitionPenalty !== undefined && { repetitionPenalty }),
    ...(numBeams !== undefined && numBeams > 1 && { numBeams }),
  };
  const task = (['text-generation', 'text2text-generation'] as const).find((known) => tasks[known]);
  if (!task) return 'the task takes conversations, and this is a text; its ids are compared';
  if (one.prompt === undefined) return 'the case has no text that it goes on from';
  return { task, input: one.prompt, options };
}
