import { modelSamples } from '../../offscreen/processing/audio/sound.ts';
import { createWhisperFeatures } from '../../offscreen/processing/audio/whisper-features.ts';
import { guessLanguage } from '../../offscreen/processing/audio/whisper-language.ts';
import { readWhisperTokens } from '../../offscreen/processing/audio/whisper-tokens.ts';
import type { GoldenTensor } from '../../test/support/golden.ts';
import { readWav } from '../../test/support/wav.ts';
import { checkNumbers, checkSame, measured, skipped } from './check.ts';
import { logitsOf } from './decoding.ts';
import { place, textOf } from './generation.ts';
import { floatsOf } from './numbers.ts';
import type { Subject } from './subject.ts';

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
  /** Token of the language that is spoken. */
  readonly token_id?: number;
}

/** Asks for every golden task as a site does. */
export async function checkTasks(subject: Subject): Promise<void> {
  const { golden, ledger, family } = subject;
  const known = family.tasks(golden.config) as Readonly<Record<string, unknown>>;
  for (const [at, one] of ((golden.golden.tasks ?? []) as readonly GoldenTask[]).entries()) {
    const name = `task ${one.task} ${one.file ?? one.text_input ?? one.text?.slice(0, 24) ?? ''}`.trim();
    await ledger.attempt(name, async () => {
      if (one.task === 'language-detection') return checkLanguage(subject, name, one);
      const request = requestOf(one);
      if (!request || !known[one.task]) ledger.add(skipped(name, 'the page API has no such task for the model'));
      else await compareTask(subject, name, one, await subject.infer(one.task, request.input, request.options), at);
    });
  }
}

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

/**
 * Compares labels, scores and boxes, vectors, or a text. With weights in few bits, nothing says how far labels and texts may be off: they
 * are told then.
 */
async function compareTask(
  subject: Subject,
  name: string,
  one: GoldenTask,
  output: unknown,
  at: number,
): Promise<void> {
  const { ledger, golden, exact, judge } = subject;
  if (one.embeddings) {
    const values = Object.values((output as { data: Record<string, number> }).data);
    const numbers = floatsOf(values, one.embeddings.shape);
    const right = await golden.floats(one.embeddings);
    ledger.add(judge(name, `tasks.${at}/embeddings`, numbers, right, SCORE_TOLERANCE));
    return;
  }
  if (!one.result) {
    ledger.add(checkSame(name, textOf(output).trim(), (one.text ?? '').trim(), exact));
    return;
  }
  const found = output as readonly { label: string; score: number; box?: Record<string, number> }[];
  const [labels, wanted] = [found, one.result].map((list) => list.map(({ label }) => label));
  const within = (absolute: number) => (exact ? { absolute } : undefined);
  ledger.add(checkSame(`${name}: labels`, labels, wanted, exact));
  if (JSON.stringify(labels) !== JSON.stringify(wanted)) {
    ledger.add((exact ? skipped : measured)(`${name}: scores`, 'they belong to other labels'));
    return;
  }
  const scores = [found, one.result].map((list) => list.map(({ score }) => score));
  ledger.add(checkNumbers(`${name}: scores`, scores[0] ?? [], scores[1] ?? [], within(SCORE_TOLERANCE)));
  if (!one.result.some(({ box }) => box)) return;
  const corners = found.flatMap(({ box }) => Object.values(box ?? {}));
  const expected = one.result.flatMap(({ box }) => [...(box ?? [])]);
  ledger.add(checkNumbers(`${name}: boxes`, corners, expected, within(BOX_TOLERANCE)));
}

/** Which language is spoken: what the decoder says after its first token, by runs of the graphs; the page API has no such task. */
async function checkLanguage(subject: Subject, name: string, { file, token_id }: GoldenTask): Promise<void> {
  const { texts, golden, ledger, exact } = subject;
  const features = createWhisperFeatures(texts.file('preprocessor_config.json'));
  const { dims, data } = features.extract(modelSamples(await readWav(`${golden.folder}/${file}`), features.rate));
  const { last_hidden_state: states } = await subject.run('encoder', { input_features: floatsOf(data, dims) });
  const tokens = readWhisperTokens(texts.file('generation_config.json'));
  const { values } = await logitsOf(subject, [tokens.startId], { ...(states && { states }) });
  const [likeliest] = guessLanguage(Float32Array.from(values), tokens);
  ledger.add(checkSame(name, tokens.languages.get(likeliest?.language ?? ''), token_id, exact));
}
