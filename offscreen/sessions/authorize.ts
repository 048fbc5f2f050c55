import { WebplatError } from '../../src/protocol/errors.ts';
import type { CaveatValues } from '../../src/protocol/grant.ts';
import type { TaskName } from '../../src/protocol/scalars.ts';

/** What a request needs a grant for. */
export interface Need {
  readonly model: string;
  readonly task: TaskName;
}

/**
 * The grants that allow the whole request; limits of different grants are never combined.
 *
 * @throws {@link WebplatError} `permission-expired` if one did until a moment ago, else `permission-denied`.
 */
export function grantsFor(grants: readonly CaveatValues[], need: Need, now: number): readonly CaveatValues[] {
  const matching = grants.filter(
    ({ models, tasks }) =>
      (models === '*' || models.includes(need.model)) && (tasks === '*' || tasks.includes(need.task)),
  );
  const valid = matching.filter(({ expiry }) => expiry === 'never' || now < expiry);
  if (valid.length > 0) return valid;
  throw new WebplatError(matching.length > 0 ? 'permission-expired' : 'permission-denied');
}

/** Tries `attempt` under each grant and returns the first success; when none allows it, the first refusal. */
export function firstAllowed<T>(grants: readonly CaveatValues[], attempt: (caveats: CaveatValues) => T): T {
  let refusal: unknown;
  for (const caveats of grants) {
    try {
      return attempt(caveats);
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal ?? new WebplatError('permission-denied');
}
