import { WebplatError } from '../../protocol/errors.ts';

/** Prompts that one origin may open and take back within {@link WITHIN_MS}. */
const MOST = 3;
const WITHIN_MS = 10_000;

/**
 * Counts the prompts that origins took back. One gesture of the user is enough to ask, and would otherwise be enough to
 * open and close windows as fast as the browser can.
 */
export interface Withdrawals {
  note(invoker: string, now: number): void;
  /** @throws {@link WebplatError} `busy` when the origin took back too many a moment ago. */
  assertFew(invoker: string, now: number): void;
}

export function createWithdrawals(): Withdrawals {
  let recent: { readonly invoker: string; readonly at: number }[] = [];
  const prune = (now: number) => {
    recent = recent.filter(({ at }) => at <= now && now - at < WITHIN_MS);
  };
  return {
    note(invoker, now) {
      prune(now);
      recent.push({ invoker, at: now });
    },
    assertFew(invoker, now) {
      prune(now);
      const own = recent.filter((withdrawal) => withdrawal.invoker === invoker);
      const [first] = own.slice(-MOST);
      if (own.length < MOST || !first) return;
      const retryAfterMs = first.at + WITHIN_MS - now;
      throw new WebplatError('busy', 'Prompts of this site were withdrawn too often.', { retryAfterMs });
    },
  };
}
