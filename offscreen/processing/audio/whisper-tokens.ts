import * as v from 'valibot';
import { WebplatError } from '../../../src/protocol/errors.ts';
import { corrupt, parseFields } from '../../graphs/config-fields.ts';

const Id = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Ids = v.nullish(v.array(v.pipe(v.number(), v.safeInteger())), []);
const Config = v.object({
  decoder_start_token_id: Id,
  eos_token_id: v.union([Id, v.pipe(v.array(Id), v.minLength(1))]),
  no_timestamps_token_id: Id,
  is_multilingual: v.nullish(v.boolean()),
  lang_to_id: v.nullish(v.record(v.string(), Id), {}),
  task_to_id: v.nullish(v.record(v.string(), Id), {}),
  suppress_tokens: Ids,
  begin_suppress_tokens: Ids,
  max_initial_timestamp_index: v.nullish(Id),
});

/** What a recording is turned into: text in its own language, or in English. */
export type WhisperTask = 'transcribe' | 'translate';

/** The tokens that steer Whisper (Radford et al. 2022, arXiv:2212.04356, section 2.3 and figure 1). */
export interface WhisperTokens {
  readonly startId: number;
  readonly endId: number;
  readonly noTimestampsId: number;
  /** Token of 0.00 s; every further one is {@link TIMESTAMP_SECONDS} later. */
  readonly firstTimestampId: number;
  /** Ids of languages by code, such as `en`; empty for models of English alone. */
  readonly languages: ReadonlyMap<string, number>;
  readonly tasks: ReadonlyMap<string, number>;
  /** Tokens that are never chosen, and those that are not chosen first. */
  readonly suppressed: readonly number[];
  readonly suppressedFirst: readonly number[];
  /** The latest timestamp to begin with, counted from the first one; undefined where there is no limit. */
  readonly latestFirstTimestamp: number | undefined;
}

/** Seconds between timestamps that follow each other. */
export const TIMESTAMP_SECONDS = 0.02;

/**
 * @param generationConfig generation_config.json, parsed
 * @throws WebplatError `model-corrupt` that names the field which is missing or malformed
 */
export function readWhisperTokens(generationConfig: unknown): WhisperTokens {
  const config = parseFields(Config, generationConfig, 'generation_config.json');
  const languages = new Map(
    Object.entries(config.lang_to_id).map(([token, id]) => [token.replace(/^<\||\|>$/g, ''), id]),
  );
  if (config.is_multilingual && languages.size === 0)
    throw corrupt('generation_config.json is not valid at lang_to_id.');
  const isId = (id: number) => id >= 0;
  return {
    startId: config.decoder_start_token_id,
    endId: [config.eos_token_id].flat()[0] ?? 0,
    noTimestampsId: config.no_timestamps_token_id,
    firstTimestampId: config.no_timestamps_token_id + 1,
    languages,
    tasks: new Map(Object.entries(config.task_to_id)),
    // -1 stood for a list that was not written out.
    suppressed: config.suppress_tokens.filter(isId),
    suppressedFirst: config.begin_suppress_tokens.filter(isId),
    latestFirstTimestamp: config.max_initial_timestamp_index ?? undefined,
  };
}

export interface WhisperPrompt {
  /** Code of the language that is spoken, such as `en`; models of English alone take none. */
  readonly language?: string;
  readonly task?: WhisperTask;
  readonly timestamps: boolean;
}

/**
 * The tokens that the decoder starts with: start, language, task, and that there are no timestamps where there are none.
 *
 * @throws WebplatError `invalid-request` when the model knows no such language or task
 */
export function whisperPrompt(
  tokens: WhisperTokens,
  { language, task = 'transcribe', timestamps }: WhisperPrompt,
): number[] {
  const ids = [tokens.startId];
  if (tokens.languages.size > 0) {
    const [languageId, taskId] = [tokens.languages.get(language ?? ''), tokens.tasks.get(task)];
    if (languageId === undefined) throw refused('language', [...tokens.languages.keys()]);
    if (taskId === undefined) throw refused('task', [...tokens.tasks.keys()]);
    ids.push(languageId, taskId);
  } else {
    if (language !== undefined && language !== 'en') throw refused('language', ['en']);
    if (task !== 'transcribe') throw refused('task', ['transcribe']);
  }
  return timestamps ? ids : [...ids, tokens.noTimestampsId];
}

const refused = (field: string, known: readonly string[]) =>
  new WebplatError('invalid-request', `The model knows these: ${known.slice(0, 128).join(', ')}.`, {
    field: `options.${field}`,
  });
