import type { LimitKey, LimitValues } from '../../permissions/types.ts';
import type { PromptAnswer, PromptView } from '../../protocol/ui/views.ts';
import { DURATION_CHOICES, type DurationChoice } from '../model/durations.ts';
import { limitText, mapLimits, parseLowered } from '../model/limits.ts';

/** What the user has chosen so far; limits are kept as typed. */
export interface Draft {
  readonly models: ReadonlySet<string>;
  readonly tasks: ReadonlySet<string>;
  readonly limits: Readonly<Record<LimitKey, string>>;
  readonly duration: DurationChoice;
}

/** A draft that grants what was asked for, for the shortest time. */
export function draftOf(view: PromptView): Draft {
  return {
    models: new Set(view.models.map((model) => model.name)),
    tasks: new Set(view.tasks),
    limits: mapLimits((key) => limitText(key, view.limits[key])),
    duration: DURATION_CHOICES[0].value,
  };
}

/** An answer ready to send, or what keeps it from being one. */
export type Assembled =
  | { readonly ok: true; readonly answer: PromptAnswer }
  | { readonly ok: false; readonly limits: Partial<Record<LimitKey, string>>; readonly nothing: boolean };

/** Turns a draft into an answer that is never wider than the request, whatever the draft holds. */
export function assembleAnswer(view: PromptView, draft: Draft): Assembled {
  const errors: Partial<Record<LimitKey, string>> = {};
  const limits: LimitValues = mapLimits((key) => {
    const typed = parseLowered(key, draft.limits[key], view.limits[key]);
    if (typed.ok) return typed.value;
    errors[key] = typed.error;
    return view.limits[key];
  });
  const models = view.models.map((model) => model.name).filter((name) => draft.models.has(name));
  const tasks = view.tasks.filter((task) => draft.tasks.has(task));
  const nothing = models.length === 0 || tasks.length === 0;
  if (nothing || Object.keys(errors).length > 0) return { ok: false, limits: errors, nothing };
  const duration = DURATION_CHOICES.find(({ value }) => value === draft.duration) ?? DURATION_CHOICES[0];
  return { ok: true, answer: { decision: 'allow', duration: duration.duration, models, tasks, limits } };
}
