import { WebplatError } from '../../src/protocol/errors.ts';
import type { CaveatValues, Subject } from '../../src/protocol/grant.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What one site (frame origin inside top-level origin) used, over all its documents. */
export interface SiteLedger {
  /** Requests running or waiting now. */
  readonly active: number;
  /**
   * Starts a request under `caveats`, or refuses it.
   *
   * @returns the function that ends it.
   * @throws {@link WebplatError} `limit-concurrency`, `limit-rate` or `limit-compute`.
   */
  begin(caveats: CaveatValues, now: number): () => void;
  /** Adds device time and says whether the day's allowance under `caveats` is used up. */
  charge(computeMs: number, caveats: CaveatValues, now: number): boolean;
  /** Takes over what the background has on record for the day, if that is more than what is known here. */
  adopt(usedComputeMs: number, dayEndsAt: number): void;
}

export function createSiteLedger(): SiteLedger {
  let active = 0;
  const starts = createStartWindow();
  let computeMs = 0;
  let dayEndsAt = 0;

  function turnDay(now: number): void {
    if (now < dayEndsAt) return;
    if (dayEndsAt > 0) computeMs = 0;
    dayEndsAt = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  }

  function assertRate(limit: number, now: number): void {
    const recent = starts.countSince(now);
    if (recent < limit) return;
    throw new WebplatError('limit-rate', undefined, { quota: limit, retryAfterMs: starts.ageOut(recent - limit, now) });
  }

  return {
    get active() {
      return active;
    },
    begin(caveats, now) {
      turnDay(now);
      if (computeMs >= caveats.maxComputeMsPerDay) throw computeUsedUp(caveats, dayEndsAt - now);
      if (active >= caveats.maxConcurrent) {
        throw new WebplatError('limit-concurrency', undefined, { quota: caveats.maxConcurrent });
      }
      assertRate(caveats.maxRatePerMinute, now);
      starts.add(now);
      active += 1;
      let open = true;
      return () => {
        if (open) active -= 1;
        open = false;
      };
    },
    charge(spentMs, caveats, now) {
      turnDay(now);
      computeMs += spentMs;
      return computeMs >= caveats.maxComputeMsPerDay;
    },
    adopt(usedComputeMs, endsAt) {
      if (endsAt > dayEndsAt) computeMs = 0;
      dayEndsAt = Math.max(dayEndsAt, endsAt);
      computeMs = Math.max(computeMs, usedComputeMs);
    },
  };
}

/** The moments of the last minute at which requests started, oldest first. Adding and counting take constant time on average. */
function createStartWindow() {
  let times: number[] = [];
  let oldest = 0;

  return {
    add(now: number): void {
      times.push(now);
    },
    /** Starts in the minute before `now`. */
    countSince(now: number): number {
      const newest = times.at(-1) ?? 0;
      // The clock went back. A start in the future counts as one of now, so that this never unlocks anything early.
      if (newest > now) times = times.map((at) => Math.min(at, now));
      while (oldest < times.length && now - (times[oldest] ?? now) >= MINUTE_MS) oldest += 1;
      if (oldest > 1024 && oldest * 2 > times.length) {
        times = times.slice(oldest);
        oldest = 0;
      }
      return times.length - oldest;
    },
    /** Milliseconds until the start with `index` of those counted is a minute old. */
    ageOut: (index: number, now: number): number => MINUTE_MS - (now - (times[oldest + index] ?? now)),
  };
}

export function computeUsedUp(caveats: CaveatValues, retryAfterMs: number): WebplatError {
  return new WebplatError('limit-compute', undefined, { quota: caveats.maxComputeMsPerDay, retryAfterMs });
}

/** One key per pair of origins; neither can contain a space. */
export function siteKey({ invoker, topOrigin }: Subject): string {
  return `${invoker} ${topOrigin}`;
}
