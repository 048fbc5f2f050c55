import type { LimitKey } from '../../permissions/types.ts';
import { CAVEAT_SCHEMAS, type CaveatValues } from '../../protocol/grant.ts';
import type { TaskName } from '../../protocol/scalars.ts';
import { limitText, mapLimits, parseLimit } from './limits.ts';

const HOUR = 3_600_000;

/** When an edited grant shall end by itself. `keep` leaves what it has. */
export const EXPIRY_CHOICES = ['keep', 'never', 'hour', 'day', 'month', 'at'] as const;
export type ExpiryChoice = (typeof EXPIRY_CHOICES)[number];

const SPANS: Readonly<Partial<Record<ExpiryChoice, number>>> = { hour: HOUR, day: 24 * HOUR, month: 720 * HOUR };

/** A grant as the user edits it; numbers and dates are kept as typed. */
export interface GrantDraft {
  readonly models: '*' | ReadonlySet<string>;
  readonly tasks: '*' | ReadonlySet<TaskName>;
  readonly limits: Readonly<Record<LimitKey, string>>;
  readonly expiry: ExpiryChoice;
  /** Local date and time in the form of a `datetime-local` input; used with `expiry: 'at'`. */
  readonly expiryAt: string;
  readonly topLevelOnly: boolean;
}

/** What keeps a draft from being saved, by field. */
export type GrantErrors = Partial<Record<LimitKey | 'models' | 'tasks' | 'expiry', string>>;

export type EditedGrant =
  | { readonly ok: true; readonly caveats: CaveatValues }
  | { readonly ok: false; readonly errors: GrantErrors };

/** A draft that changes nothing. */
export function grantDraftOf(caveats: CaveatValues): GrantDraft {
  return {
    models: caveats.models === '*' ? '*' : new Set(caveats.models),
    tasks: caveats.tasks === '*' ? '*' : new Set(caveats.tasks),
    limits: mapLimits((key) => limitText(key, caveats[key])),
    expiry: 'keep',
    expiryAt: '',
    topLevelOnly: caveats.topLevelOnly,
  };
}

/** Turns a draft into caveats, or says what is wrong with each field. */
export function editGrant(before: CaveatValues, draft: GrantDraft, now: number): EditedGrant {
  const errors: GrantErrors = {};
  const limits = mapLimits((key) => {
    // Untouched text stands for the exact value, which it may have been rounded from.
    if (draft.limits[key].trim() === limitText(key, before[key])) return before[key];
    const typed = parseLimit(key, draft.limits[key]);
    if (typed.ok) return typed.value;
    errors[key] = typed.error;
    return before[key];
  });
  const models = draft.models === '*' ? '*' : [...draft.models];
  const tasks = draft.tasks === '*' ? '*' : [...draft.tasks];
  if (models.length === 0) errors.models = 'Choose at least one model, or revoke the permission.';
  const most = CAVEAT_SCHEMAS.models.options[1].pipe[1].requirement;
  if (models !== '*' && models.length > most) errors.models = `Choose at most ${most} models.`;
  if (tasks.length === 0) errors.tasks = 'Choose at least one use, or revoke the permission.';
  const expiry = expiryOf(before, draft, now);
  if (typeof expiry === 'object') errors.expiry = expiry.error;
  if (typeof expiry === 'object' || Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, caveats: { ...limits, models, tasks, expiry, topLevelOnly: draft.topLevelOnly } };
}

function expiryOf(before: CaveatValues, { expiry, expiryAt }: GrantDraft, now: number) {
  if (expiry === 'keep') return before.expiry;
  if (expiry === 'never') return 'never' as const;
  const span = SPANS[expiry];
  if (span !== undefined) return now + span;
  const at = new Date(expiryAt).getTime();
  if (Number.isNaN(at)) return { error: 'Choose a date and a time.' };
  return at > now ? at : { error: 'Choose a time that is still to come.' };
}
