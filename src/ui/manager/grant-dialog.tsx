import { useState } from 'preact/hooks';
import { LIMIT_KEYS } from '../../permissions/types.ts';
import type { CaveatValues, Grant } from '../../protocol/grant.ts';
import type { ModelCard } from '../../protocol/model.ts';
import { TaskName } from '../../protocol/scalars.ts';
import { Dialog } from '../components/dialog.tsx';
import { Toggle } from '../components/field.tsx';
import { MeasureFields } from '../components/measure-fields.tsx';
import { SubjectText } from '../components/origin.tsx';
import { useErrorFocus } from '../components/use-error-focus.ts';
import { isFrame } from '../format/origin.ts';
import { editGrant, type GrantDraft, type GrantErrors, grantDraftOf } from '../model/grant-edit.ts';
import { LIMIT_FIELDS } from '../model/limits.ts';
import { TASK_WORDS } from '../model/tasks.ts';
import { ChoiceSet } from './choice-set.tsx';
import { ExpiryField } from './expiry-field.tsx';

interface GrantDialogProps {
  readonly grant: Grant;
  readonly caveats: CaveatValues;
  readonly models: readonly ModelCard[];
  readonly onSave: (caveats: CaveatValues) => void;
  readonly onClose: () => void;
}

/** Edits every caveat of a grant; what is wrong is said at its field, and nothing is saved until all is right. */
export function GrantDialog({ grant, caveats, models, onSave, onClose }: GrantDialogProps) {
  const [draft, setDraft] = useState<GrantDraft>(() => grantDraftOf(caveats));
  const [shown, setShown] = useState<GrantErrors>({});
  const form = useErrorFocus(shown);
  const change = (part: Partial<GrantDraft>) => setDraft((before) => ({ ...before, ...part }));
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const edited = editGrant(caveats, draft, Date.now());
    if (edited.ok) onSave(edited.caveats);
    else setShown(edited.errors);
  };
  const held = caveats.models === '*' ? [] : caveats.models;
  const titles = new Map([
    ...held.map((name) => [name, name] as const),
    ...models.map((m) => [m.name, m.title] as const),
  ]);
  return (
    <Dialog title="Edit the permission" about={<SubjectText subject={grant} />} onClose={onClose}>
      <form ref={form} class="grant-form" noValidate onSubmit={save}>
        <ChoiceSet
          legend="Models"
          all="Any model, also ones installed later"
          options={[...titles].map(([value, title]) => ({ value, title }))}
          chosen={draft.models}
          error={shown.models}
          onChange={(chosen) => change({ models: chosen })}
        />
        <ChoiceSet
          legend="Uses"
          all="Anything"
          options={TaskName.options.map((value) => ({ value, title: TASK_WORDS[value].title }))}
          chosen={draft.tasks}
          error={shown.tasks}
          onChange={(chosen) => change({ tasks: chosen })}
        />
        <fieldset>
          <legend>Limits</legend>
          <MeasureFields
            keys={LIMIT_KEYS}
            measures={LIMIT_FIELDS}
            values={draft.limits}
            errors={shown}
            onChange={(limits) => change({ limits })}
          />
        </fieldset>
        <ExpiryField grant={grant} draft={draft} error={shown.expiry} onChange={change} />
        {!isFrame(grant) && (
          <Toggle
            name="topLevelOnly"
            label="Only the page itself, not its frames"
            checked={draft.topLevelOnly}
            onChange={(topLevelOnly) => change({ topLevelOnly })}
          />
        )}
        {Object.keys(shown).length > 0 && (
          <p class="field-error" role="alert">
            Nothing was saved: correct the fields that are marked.
          </p>
        )}
        <div class="actions dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-primary">
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
