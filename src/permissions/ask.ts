import type { CaveatValues, PermissionRequest } from '../protocol/grant.ts';
import type { TaskName } from '../protocol/scalars.ts';
import { DEFAULT_LIMITS, DEFAULT_TASKS } from './defaults.ts';
import { type Ask, LIMIT_KEYS, type LimitValues, type Offer } from './types.ts';

/** The request of a page without repetitions, and with the tasks that a request without any means. */
export function askOf({ models, tasks, limits, reason }: PermissionRequest): Ask {
  return {
    models: [...new Set(models)],
    tasks: [...new Set(tasks ?? DEFAULT_TASKS)],
    limits: pickLimits(limits ?? {}),
    ...(reason !== undefined && { reason }),
  };
}

/** One combination that a request is made of; permission is given or withheld for each. */
export interface Pair {
  readonly model: string;
  readonly task: TaskName;
}

/** Every combination of model and task that is asked for. */
export function pairsOf({ models, tasks }: Ask): Pair[] {
  return models.flatMap((model) => tasks.map((task) => ({ model, task })));
}

/** Whether `caveats` let `pair` through under every limit that is demanded. Time and frames are looked at elsewhere. */
export function coversPair(caveats: CaveatValues, { model, task }: Pair, limits: Ask['limits']): boolean {
  const named = (list: '*' | readonly string[], name: string) => list === '*' || list.includes(name);
  if (!named(caveats.models, model) || !named(caveats.tasks, task)) return false;
  return LIMIT_KEYS.every((key) => (limits[key] ?? 0) <= caveats[key]);
}

/** What the prompt for `ask` offers: limits that were not named get the defaults. */
export function offerOf(ask: Ask): Offer {
  return { ...ask, limits: { ...DEFAULT_LIMITS, ...pickLimits(ask.limits) } };
}

/** One request that asks for what both did; the later reason is shown, because the later page is waiting for it. */
export function joinAsks(earlier: Ask, later: Ask): Ask {
  const limits = pickLimits(earlier.limits);
  for (const key of LIMIT_KEYS) {
    const asked = later.limits[key];
    if (asked !== undefined) limits[key] = Math.max(limits[key] ?? DEFAULT_LIMITS[key], asked);
    else if (limits[key] !== undefined) limits[key] = Math.max(limits[key], DEFAULT_LIMITS[key]);
  }
  const reason = later.reason ?? earlier.reason;
  return {
    models: [...new Set([...earlier.models, ...later.models])],
    tasks: [...new Set([...earlier.tasks, ...later.tasks])],
    limits,
    ...(reason !== undefined && { reason }),
  };
}

function pickLimits(limits: Ask['limits']): Partial<LimitValues> {
  return Object.fromEntries(LIMIT_KEYS.flatMap((key) => (limits[key] === undefined ? [] : [[key, limits[key]]])));
}
