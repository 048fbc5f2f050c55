import type { CaveatValues, Subject } from '../protocol/grant.ts';
import type { TaskName } from '../protocol/scalars.ts';

/** The caveats that are numbers a site may ask for and a user may lower. */
export const LIMIT_KEYS = [
  'maxConcurrent',
  'maxRatePerMinute',
  'maxTokens',
  'maxMemoryBytes',
  'maxComputeMsPerDay',
] as const satisfies readonly (keyof CaveatValues)[];
export type LimitKey = (typeof LIMIT_KEYS)[number];
export type LimitValues = Pick<CaveatValues, LimitKey>;

/** What a site needs, as policy computes with it. A limit that is absent is not demanded: any granted value will do. */
export interface Ask {
  readonly models: readonly string[];
  readonly tasks: readonly TaskName[];
  readonly limits: { readonly [K in LimitKey]?: number | undefined };
  readonly reason?: string | undefined;
}

/** What a prompt offers to grant: an {@link Ask} with every limit filled in. */
export interface Offer extends Ask {
  readonly limits: LimitValues;
}

/** The document that asks, as the browser described it. */
export interface Asker {
  readonly subject: Subject;
  readonly documentId: string;
  /** False for the top document of a tab, true for every frame below it. */
  readonly isFrame: boolean;
}

/** The user said no to a site: it may not ask again before `until`. */
export interface Denial {
  readonly subject: Subject;
  readonly at: number;
  readonly until: number;
}

/** The time policy goes by. `seen` is the latest moment on record, so that a clock that was turned back is noticed. */
export interface Time {
  readonly now: number;
  readonly seen: number;
}
