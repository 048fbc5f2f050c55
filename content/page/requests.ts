import type { ChatMessage, GenerationOptions, InferParams, LoadProgress } from '../../src/protocol/generation.ts';
import type { PermissionRequest } from '../../src/protocol/grant.ts';
import type { Hardware } from '../../src/protocol/hardware.ts';
import { BACKENDS, PRECISIONS } from '../../src/protocol/hardware-names.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { TaskName } from '../../src/protocol/scalars.ts';
import { TASK_NAMES } from '../../src/protocol/task-names.ts';
import { dictionary, ownKeys } from './primordials.ts';
import { callback, type Fields, fields, list, number, oneOf, optional, type Range, signal, text } from './read.ts';

/** Who waits for a call; see `CallOptions` in `webplat.d.ts`. */
export interface Waiter {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: LoadProgress) => void) | undefined;
}

export const NOBODY: Waiter = { signal: undefined, onProgress: undefined };

/** Reads the last argument of calls that take nothing but a signal. */
export function readSignal(what: string, given: unknown): Waiter {
  return readWaiter(what, fields(what, given === undefined ? {} : given, ['signal']), 'onProgress');
}

export function readWaiter(what: string, from: Fields, progressField: 'onProgress' | 'monitor'): Waiter {
  return {
    signal: optional(`${what}: signal`, from.signal, signal),
    onProgress: optional(`${what}: ${progressField}`, from[progressField], callback<LoadProgress>),
  };
}

export function readModel(what: string, value: unknown): string {
  return text(`${what}: model`, value, 1, LIMITS.modelNameChars);
}

export function readTask(what: string, value: unknown): TaskName {
  return oneOf(what, value, TASK_NAMES);
}

/** What a number may be. */
export function range(integer: boolean, min: number, max: number, above = false): Range {
  return { integer, min, max, above };
}

const SAMPLING = {
  __proto__: null,
  maxNewTokens: range(true, 1, LIMITS.newTokens),
  temperature: range(false, 0, 10),
  topK: range(true, 1, 1_000_000),
  topP: range(false, 0, 1, true),
  repetitionPenalty: range(false, 0.1, 10),
  seed: range(true, 0, 0xffff_ffff),
} as unknown as Record<Exclude<keyof GenerationOptions, 'stop'>, Range>;

const SAMPLING_FIELDS = ownKeys(SAMPLING) as (keyof typeof SAMPLING)[];
const GENERATION_FIELDS = [...SAMPLING_FIELDS, 'stop'];
const REWRITING_FIELDS = [...GENERATION_FIELDS, 'numBeams'];

export function readGeneration(what: string, value: unknown): GenerationOptions {
  return readSampling(what, fields(what, value, GENERATION_FIELDS));
}

const BEAMS = range(true, 1, LIMITS.beams);

export function readRewriting(what: string, value: unknown): GenerationOptions & { numBeams?: number | undefined } {
  const from = fields(what, value, REWRITING_FIELDS);
  const result: ReturnType<typeof readRewriting> = readSampling(what, from);
  result.numBeams = optional(`${what}: numBeams`, from.numBeams, (path, given) => number(path, given, BEAMS));
  return result;
}

function readSampling(what: string, from: Fields): GenerationOptions {
  const result = dictionary<unknown>() as GenerationOptions;
  result.stop = optional(`${what}: stop`, from.stop, (path, stop) => list(path, stop, 0, LIMITS.stopStrings, readStop));
  for (let at = 0; at < SAMPLING_FIELDS.length; at++) {
    const key = SAMPLING_FIELDS[at] as keyof typeof SAMPLING;
    result[key] = optional(`${what}: ${key}`, from[key], (path, given) => number(path, given, SAMPLING[key]));
  }
  return result;
}

function readStop(path: string, value: unknown): string {
  return text(path, value, 1, LIMITS.stopStringChars);
}

export const ROLES: readonly ChatMessage['role'][] = ['system', 'user', 'assistant'];

export function readMessages(what: string, value: unknown, min: number): ChatMessage[] {
  return list(what, value, min, LIMITS.chatMessages, (path, item) => {
    const from = fields(path, item, ['role', 'content']);
    return {
      role: oneOf(`${path}.role`, from.role, ROLES),
      content: text(`${path}.content`, from.content, 0, LIMITS.textChars),
    };
  });
}

export function readPrompt(what: string, value: unknown): string {
  return text(what, value, 1, LIMITS.textChars);
}

/** Reads what a model is to be computed with. */
export function readHardware(what: string, value: unknown): Hardware {
  const from = fields(what, value, ['backends', 'precision', 'family']);
  return {
    backends: optional(`${what}: backends`, from.backends, (path, names) =>
      list(path, names, 1, BACKENDS.length, (at, name) => oneOf(at, name, BACKENDS)),
    ),
    precision: optional(`${what}: precision`, from.precision, (path, name) => oneOf(path, name, PRECISIONS)),
    family: optional(`${what}: family`, from.family, (path, name) => text(path, name, 1, LIMITS.familyChars)),
  };
}

/** Fields of a request for one inference. */
export const INFER_FIELDS = ['model', 'task', 'input', 'options', 'hardware', 'signal', 'onProgress'] as const;

export function readInfer(what: string, from: Fields): { readonly params: InferParams; readonly waiter: Waiter } {
  const path = `${what}: input`;
  const { input } = from;
  return {
    params: {
      model: readModel(what, from.model),
      task: oneOf(`${what}: task`, from.task, ['text-generation'] as const),
      input: typeof input === 'object' && input !== null ? readMessages(path, input, 1) : readPrompt(path, input),
      options: optional(`${what}: options`, from.options, readGeneration),
      hardware: optional(`${what}: hardware`, from.hardware, readHardware),
    },
    waiter: readWaiter(what, from, 'onProgress'),
  };
}

const COUNT = range(true, 1, Number.MAX_SAFE_INTEGER);
const LIMIT_FIELDS = [
  'maxConcurrent',
  'maxRatePerMinute',
  'maxTokens',
  'maxMemoryBytes',
  'maxComputeMsPerDay',
] as const satisfies readonly (keyof NonNullable<PermissionRequest['limits']>)[];

function readLimits(what: string, value: unknown): PermissionRequest['limits'] {
  const from = fields(what, value, LIMIT_FIELDS);
  const result = dictionary<unknown>() as NonNullable<PermissionRequest['limits']>;
  for (let at = 0; at < LIMIT_FIELDS.length; at++) {
    const key = LIMIT_FIELDS[at] as (typeof LIMIT_FIELDS)[number];
    result[key] = optional(`${what}: ${key}`, from[key], (path, given) => number(path, given, COUNT));
  }
  return result;
}

export function readPermission(what: string, request: unknown): PermissionRequest {
  const from = fields(what, request, ['models', 'tasks', 'limits', 'reason']);
  return {
    models: list(`${what}: models`, from.models, 1, LIMITS.listedNames, readListedModel),
    tasks: optional(`${what}: tasks`, from.tasks, (path, tasks) => list(path, tasks, 1, LIMITS.listedNames, readTask)),
    limits: optional(`${what}: limits`, from.limits, readLimits),
    reason: optional(`${what}: reason`, from.reason, (path, reason) => text(path, reason, 0, LIMITS.reasonChars)),
  };
}

function readListedModel(path: string, value: unknown): string {
  return text(path, value, 1, LIMITS.modelNameChars);
}
