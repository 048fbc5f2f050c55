import { WebplatError } from '../../src/protocol/errors.ts';
import { onAbort } from '../../src/shared/abort.ts';

/** The right to run on one model until `end`, which takes the device time that was used. */
export interface Slot {
  end(): void;
  /** Charges device time as it is spent, so that the next choice already knows it. */
  charge(computeMs: number): void;
}

export interface Scheduler {
  /**
   * Waits for one of the model's `slots`. Among waiting sites the one that used least device time goes first, within a
   * site the oldest request.
   *
   * @throws {@link WebplatError} `busy` when the site's queue is full.
   */
  enter(request: { model: string; slots: number; site: string; signal: AbortSignal }): Promise<Slot>;
  /** Requests waiting, over all models. */
  readonly waiting: number;
}

interface Waiting {
  readonly site: string;
  readonly start: () => void;
}

interface Lane {
  readonly queue: Waiting[];
  readonly running: Map<string, number>;
  /** Device time by present site, in the sense of start-time fair queuing (Goyal, Vin and Cheng 1996). */
  readonly usedMs: Map<string, number>;
  /** The same for sites that left while others were present: leaving and coming back must not pay. */
  readonly leftAtMs: Map<string, number>;
  slots: number;
}

const NOBODY = { enter() {}, leave() {} };

/** Requests of one site that may wait for one model. */
const QUEUE_PER_SITE = 256;

/**
 * Fair queues, one per model. Fairness is by measured device time per site, so many small requests gain nothing.
 *
 * @param running told of every request that begins to run, and of its end
 */
export function createScheduler(running: { enter(): void; leave(): void } = NOBODY): Scheduler {
  const lanes = new Map<string, Lane>();

  const laneOf = (model: string, slots: number): Lane => {
    const lane = lanes.get(model) ?? { queue: [], running: new Map(), usedMs: new Map(), leftAtMs: new Map(), slots };
    lane.slots = slots;
    lanes.set(model, lane);
    return lane;
  };

  /** A site starts at the least of those present, so that idling earns no credit, or where it left, if that is more. */
  function present(lane: Lane, site: string): void {
    if (lane.usedMs.has(site)) return;
    const least = lane.usedMs.size === 0 ? 0 : Math.min(...lane.usedMs.values());
    lane.usedMs.set(site, Math.max(least, lane.leftAtMs.get(site) ?? 0));
    lane.leftAtMs.delete(site);
  }

  /** A site that neither runs nor waits leaves; when nobody is present the lane is forgotten and all start equal. */
  function leave(model: string, lane: Lane, site: string): void {
    if (lane.running.has(site) || lane.queue.some((waiting) => waiting.site === site)) return;
    lane.leftAtMs.set(site, lane.usedMs.get(site) ?? 0);
    lane.usedMs.delete(site);
    if (lane.usedMs.size === 0) lanes.delete(model);
  }

  function dispatch(lane: Lane): void {
    for (;;) {
      const total = [...lane.running.values()].reduce((sum, count) => sum + count, 0);
      if (total >= lane.slots) return;
      const next = choose(lane);
      if (!next) return;
      lane.queue.splice(lane.queue.indexOf(next), 1);
      lane.running.set(next.site, (lane.running.get(next.site) ?? 0) + 1);
      next.start();
    }
  }

  function slot(model: string, lane: Lane, site: string): Slot {
    let open = true;
    running.enter();
    return {
      charge: (computeMs) => lane.usedMs.set(site, (lane.usedMs.get(site) ?? 0) + computeMs),
      end() {
        if (!open) return;
        open = false;
        running.leave();
        const left = (lane.running.get(site) ?? 1) - 1;
        if (left > 0) lane.running.set(site, left);
        else lane.running.delete(site);
        dispatch(lane);
        leave(model, lane, site);
      },
    };
  }

  return {
    async enter({ model, slots, site, signal }) {
      const lane = laneOf(model, slots);
      const mine = lane.queue.filter((waiting) => waiting.site === site).length;
      if (mine >= QUEUE_PER_SITE) throw new WebplatError('busy', undefined, { retryAfterMs: 1000 });
      present(lane, site);
      const given = { slot: undefined as Slot | undefined, take: (_slot: Slot) => {} };
      const waiting: Waiting = {
        site,
        start: () => {
          given.slot = slot(model, lane, site);
          given.take(given.slot);
        },
      };
      lane.queue.push(waiting);
      dispatch(lane);
      if (given.slot) return given.slot;
      return new Promise((resolve, reject) => {
        const stopListening = onAbort(signal, (reason) => {
          const at = lane.queue.indexOf(waiting);
          if (at < 0) return;
          lane.queue.splice(at, 1);
          leave(model, lane, site);
          reject(reason);
        });
        given.take = (taken) => {
          stopListening();
          resolve(taken);
        };
      });
    },
    get waiting() {
      let count = 0;
      for (const { queue } of lanes.values()) count += queue.length;
      return count;
    },
  };
}

/**
 * The waiting request whose site used least. While a model has more than one slot, a site may take all but one: the last
 * is kept for another site, so that a first token never waits behind a whole answer of somebody else.
 */
function choose(lane: Lane): Waiting | undefined {
  const most = lane.slots > 1 ? lane.slots - 1 : 1;
  let best: Waiting | undefined;
  for (const waiting of lane.queue) {
    if ((lane.running.get(waiting.site) ?? 0) >= most) continue;
    if (!best || (lane.usedMs.get(waiting.site) ?? 0) < (lane.usedMs.get(best.site) ?? 0)) best = waiting;
  }
  return best;
}
