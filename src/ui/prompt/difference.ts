import type { PromptView } from '../../protocol/ui/views.ts';
import { LIMIT_KEYS, type LimitKey } from '../model/limits.ts';

/** What a request adds to what its site holds already. */
export interface Difference {
  /** False for a first request: then everything is new and nothing needs to be marked. */
  readonly incremental: boolean;
  readonly newModels: ReadonlySet<string>;
  readonly newTasks: ReadonlySet<string>;
  /** Limits that would rise, with what they are now. */
  readonly raised: ReadonlyMap<LimitKey, number>;
}

/** Compares a request with what the site holds; only what is wider counts as new. */
export function differenceOf({ models, tasks, limits, holds }: PromptView): Difference {
  if (!holds) return { incremental: false, newModels: new Set(), newTasks: new Set(), raised: new Map() };
  const added = (asked: readonly string[], held: '*' | readonly string[]) =>
    new Set(held === '*' ? [] : asked.filter((name) => !held.includes(name)));
  return {
    incremental: true,
    newModels: added(
      models.map((model) => model.name),
      holds.models,
    ),
    newTasks: added(tasks, holds.tasks),
    raised: new Map(LIMIT_KEYS.filter((key) => limits[key] > holds[key]).map((key) => [key, holds[key]])),
  };
}
