import type { Subject } from '../protocol/grant.ts';
import { isSameSubject } from './identity.ts';
import type { Denial } from './types.ts';

/** A denial that has not cooled down. A clock that was turned back never shortens it, nor makes it last for ever. */
export function activeDenial(denials: readonly Denial[], subject: Subject, now: number): Denial | undefined {
  return denials.find((denial) => isSameSubject(denial.subject, subject) && isActive(denial, now));
}

/** The denials with one more; those that have cooled down, and an earlier one of the same subject, are left out. */
export function addDenial(denials: readonly Denial[], subject: Subject, now: number, cooldownMs: number): Denial[] {
  const others = denials.filter((denial) => !isSameSubject(denial.subject, subject) && isActive(denial, now));
  return [...others, { subject, at: now, until: now + cooldownMs }];
}

/** The denials without those of a subject. */
export function clearDenials(denials: readonly Denial[], subject: Subject): Denial[] {
  return denials.filter((denial) => !isSameSubject(denial.subject, subject));
}

function isActive({ at, until }: Denial, now: number): boolean {
  // More than the whole cool-down before the denial was given: that clock was wrong then, or is wrong now by far.
  return now < until && now >= at - (until - at);
}
