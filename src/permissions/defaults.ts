import type { TaskName } from '../protocol/scalars.ts';
import type { LimitValues } from './types.ts';

/** What a request asks for when it names no task. Raw tensors are never implied. */
export const DEFAULT_TASKS: readonly TaskName[] = Object.freeze(['text-generation']);

/** Limits of a request that names none: enough for a chat, too little to take the machine over. */
export const DEFAULT_LIMITS: LimitValues = Object.freeze({
  maxConcurrent: 4,
  maxRatePerMinute: 60,
  maxTokens: 2_048,
  maxMemoryBytes: 2 * 2 ** 30,
  maxComputeMsPerDay: 30 * 60_000,
});

/** A document that closed this many prompts without an answer gets no further one. */
export const MAX_DISMISSALS = 3;

/** Prompts that may be open at once, over all sites. */
export const MAX_PROMPTS = 3;
