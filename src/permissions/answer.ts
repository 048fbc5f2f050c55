import { WebplatError } from '../protocol/errors.ts';
import type { CaveatValues, Duration, Grant, Lifetime } from '../protocol/grant.ts';
import type { PromptAnswer } from '../protocol/ui/views.ts';
import { isWithin, toCaveats } from './caveats.ts';
import { type Asker, LIMIT_KEYS, type Offer } from './types.ts';

export type Allowance = Extract<PromptAnswer, { decision: 'allow' }>;

/** What is known about the grant apart from the answer. */
export interface GrantFrame {
  readonly id: string;
  readonly asker: Asker;
  readonly topLevelOnly: boolean;
  readonly now: number;
}

/**
 * The grant that an answer stands for. An answer is input like any other: it may narrow the offer and never widen it.
 *
 * @throws {@link WebplatError} `invalid-request` when it names what was not offered, raises a limit, or allows nothing.
 */
export function grantFrom(answer: Allowance, offer: Offer, { id, asker, topLevelOnly, now }: GrantFrame): Grant {
  const { lifetime, expiry } = lastingFor(answer.duration, asker.documentId, now);
  const given: CaveatValues = {
    models: answer.models,
    tasks: answer.tasks,
    ...answer.limits,
    expiry,
    topLevelOnly,
  };
  assertNarrower(given, { ...given, models: [...offer.models], tasks: [...offer.tasks], ...offer.limits });
  return {
    id,
    ...asker.subject,
    parentCapability: 'infer',
    caveats: toCaveats(given),
    date: now,
    lifetime,
  };
}

function assertNarrower(given: CaveatValues, offered: CaveatValues): void {
  if (!isWithin(given, offered)) {
    throw new WebplatError('invalid-request', 'The answer allows more than was asked for.');
  }
  const nothing = given.models.length === 0 || given.tasks.length === 0 || LIMIT_KEYS.some((key) => given[key] < 1);
  if (nothing) throw new WebplatError('invalid-request', 'The answer allows nothing.');
}

/** Where a grant of this duration is kept, and when the clock ends it. */
export function lastingFor(
  duration: Duration,
  documentId: string,
  now: number,
): { readonly lifetime: Lifetime; readonly expiry: CaveatValues['expiry'] } {
  switch (duration.kind) {
    case 'once':
      return { lifetime: { kind: 'document', documentId }, expiry: 'never' };
    case 'session':
      return { lifetime: { kind: 'browser-session' }, expiry: 'never' };
    case 'timed':
      return { lifetime: { kind: 'persistent' }, expiry: now + duration.ms };
    case 'always':
      return { lifetime: { kind: 'persistent' }, expiry: 'never' };
  }
}
