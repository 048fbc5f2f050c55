import { LIMITS } from '../../src/protocol/limits.ts';
import type { PerformedTask, PerformResult } from '../../src/protocol/tasks/tasks.ts';
import type { TaskResult } from '../webplat.d.ts';
import { type Gathered, gathered, readPicture, readSound, readVideo } from './media.ts';
import { ARRAYS, dictionary, freeze, hasOwn, ownKeys } from './primordials.ts';
import { type Fields, fields, flag, list, number, oneOf, optional, refuse, text } from './read.ts';
import { ROLES, range, readGeneration, readPrompt, readRewriting } from './requests.ts';
import { sealed } from './start-call.ts';

type Reader = (what: string, value: unknown, into: Gathered) => unknown;
type OptionReaders = Readonly<Record<string, (what: string, value: unknown) => unknown>>;

interface TaskReaders {
  readonly input: Reader;
  readonly options: (what: string, value: unknown) => unknown;
}

/** Reads an object of options by the readers of its fields, which inherit nothing. */
function options(readers: OptionReaders): TaskReaders['options'] {
  const names = ownKeys(readers);
  return (what, value) => {
    const from = fields(what, value, names);
    const result = dictionary<unknown>();
    for (let at = 0; at < names.length; at++) {
      const name = names[at] as string;
      result[name] = optional(`${what}: ${name}`, from[name], readers[name] as OptionReaders[string]);
    }
    return result;
  };
}

const TOP_K = range(true, 1, 100_000);
const UNIT = range(false, 0, 1);
const NEW_TOKENS = range(true, 1, LIMITS.newTokens);

const NO_OPTIONS = options({});
const CLASSES = options({ topK: (what, value) => number(what, value, TOP_K) });
const TEMPLATE = options({ hypothesisTemplate: (what, value) => text(what, value, 2, LIMITS.labelChars) });
const POOLING = options({
  pooling: (what, value) => oneOf(what, value, ['none', 'mean', 'cls']),
  normalize: flag,
});
const THRESHOLD = options({ threshold: (what, value) => number(what, value, UNIT) });
const SPEECH = options({
  language: (what, value) => text(what, value, 2, 24),
  task: (what, value) => oneOf(what, value, ['transcribe', 'translate']),
  returnTimestamps: (what, value) => (value === 'word' ? value : flag(what, value)),
  maxNewTokens: (what, value) => number(what, value, NEW_TOKENS),
});

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const readTexts: Reader = (what, value) =>
  isObject(value) ? list(what, value, 1, LIMITS.texts, readPrompt) : readPrompt(what, value);

const readPair: Reader = (what, value) => {
  if (!isObject(value)) return readPrompt(what, value);
  const from = fields(what, value, ['text', 'pair']);
  return {
    text: readPrompt(`${what}.text`, from.text),
    pair: text(`${what}.pair`, from.pair, 0, LIMITS.textChars),
  };
};

/** Reads `{ [field]: medium, labels }`. */
function labelled(field: 'image' | 'audio' | 'video', read: Reader): Reader {
  return (what, value, into) => {
    const from = fields(what, value, [field, 'labels']);
    const result = dictionary<unknown>();
    result.labels = list(`${what}.labels`, from.labels, 1, LIMITS.labels, (path, label) =>
      text(path, label, 1, LIMITS.labelChars),
    );
    result[field] = read(`${what}.${field}`, from[field], into);
    return result;
  };
}

function readPart(what: string, value: unknown, into: Gathered): Fields {
  const from = fields(what, value, ['type', 'text', 'image']);
  const type = oneOf(`${what}.type`, from.type, ['text', 'image']);
  const other = type === 'text' ? 'image' : 'text';
  if (from[other] !== undefined) refuse(`${what}.${other}`, `does not belong to a part of type ${type}`);
  const result = dictionary<unknown>();
  result.type = type;
  result[type] =
    type === 'text'
      ? text(`${what}.text`, from.text, 0, LIMITS.textChars)
      : readPicture(`${what}.image`, from.image, into);
  if (into.pictures > LIMITS.pictures) refuse(what, `is a picture more than ${LIMITS.pictures}`);
  return result;
}

const readTalk: Reader = (what, value, into) =>
  list(what, value, 1, LIMITS.chatMessages, (path, item) => {
    const from = fields(path, item, ['role', 'content']);
    const { content } = from;
    const at = `${path}.content`;
    return {
      role: oneOf(`${path}.role`, from.role, ROLES),
      content: isObject(content)
        ? list(at, content, 1, LIMITS.messageParts, (partPath, part) => readPart(partPath, part, into))
        : text(at, content, 0, LIMITS.textChars),
    };
  });

const READERS = {
  __proto__: null,
  'text2text-generation': { input: readPrompt, options: readRewriting },
  'feature-extraction': { input: readTexts, options: POOLING },
  'text-classification': { input: readPair, options: CLASSES },
  'image-classification': { input: readPicture, options: CLASSES },
  'image-feature-extraction': { input: readPicture, options: NO_OPTIONS },
  'zero-shot-image-classification': { input: labelled('image', readPicture), options: TEMPLATE },
  'object-detection': { input: readPicture, options: THRESHOLD },
  'image-text-to-text': { input: readTalk, options: readGeneration },
  'automatic-speech-recognition': { input: readSound, options: SPEECH },
  'audio-feature-extraction': { input: readSound, options: NO_OPTIONS },
  'zero-shot-audio-classification': { input: labelled('audio', readSound), options: TEMPLATE },
  'zero-shot-video-classification': { input: labelled('video', readVideo), options: TEMPLATE },
} as const satisfies Readonly<Record<PerformedTask, TaskReaders>> & { __proto__: null };

/** The tasks that `perform` does. */
export const PERFORMED_TASKS = ownKeys(READERS) as PerformedTask[];

/** Reads input and options of a task in the forms that a page has them, into those of the wire. */
export function readTask(what: string, task: PerformedTask, from: Fields) {
  const into = gathered();
  const { input, options: readOptions } = READERS[task] as TaskReaders;
  const given = optional(`${what}: options`, from.options, readOptions);
  return { input: input(`${what}: input`, from.input, into), options: given, into };
}

/** A result as a page gets it: frozen throughout, tensors as typed arrays. */
export function pageResult(value: unknown): TaskResult<PerformedTask> {
  const { output, execution } = value as PerformResult;
  return sealed({ output: pageValue(output), execution: freeze(execution) });
}

function pageValue(value: unknown): unknown {
  if (!isObject(value)) return value;
  if (hasOwn(value, 'dtype')) {
    const { dtype, dims, data } = value as { dtype: 'float32'; dims: number[]; data: ArrayBuffer };
    return freeze({ dtype, dims: freeze(dims), data: new ARRAYS.float32(data) });
  }
  const names = ownKeys(value);
  for (let at = 0; at < names.length; at++) pageValue((value as Fields)[names[at] as string]);
  return freeze(value);
}
