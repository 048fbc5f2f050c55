import { difference } from '../../permissions/difference.ts';
import type { LimitKey } from '../../permissions/types.ts';
import type { PromptView } from '../../protocol/ui/views.ts';

/** What a request adds to what its site holds already, as the prompt marks it. */
export interface MarkedDifference {
  /** False for a first request: then everything is new and nothing needs to be marked. */
  readonly incremental: boolean;
  readonly newModels: ReadonlySet<string>;
  readonly newTasks: ReadonlySet<string>;
  /** Limits that would rise, with what they are now. */
  readonly raised: ReadonlyMap<LimitKey, number>;
}

/** Compares a request with what the site holds; only what is wider counts as new. */
export function differenceOf({ models, tasks, limits, holds }: PromptView): MarkedDifference {
  if (!holds) return { incremental: false, newModels: new Set(), newTasks: new Set(), raised: new Map() };
  const added = difference({ models: models.map(({ name }) => name), tasks, limits }, holds);
  return {
    incremental: true,
    newModels: new Set(added.models),
    newTasks: new Set(added.tasks),
    raised: new Map(added.limits.map(({ key, held }) => [key, held])),
  };
}
