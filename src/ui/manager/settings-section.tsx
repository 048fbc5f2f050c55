import { useEffect, useState } from 'preact/hooks';
import { DEFAULT_SETTINGS, type Settings } from '../../protocol/settings.ts';
import type { UiClient } from '../client.ts';
import { Toggle } from '../components/field.tsx';
import { MeasureFields } from '../components/measure-fields.tsx';
import type { Action } from '../components/use-action.ts';
import { useErrorFocus } from '../components/use-error-focus.ts';
import {
  BACKEND_CHOICES,
  editSettings,
  SETTING_FIELDS,
  SETTING_KEYS,
  type SettingsDraft,
  type SettingsErrors,
  settingsDraftOf,
} from '../model/settings-edit.ts';

interface SettingsSectionProps {
  readonly saved: Settings;
  readonly client: UiClient;
  readonly action: Action;
}

/** What the user sets once for all sites. */
export function SettingsSection({ saved, client, action }: SettingsSectionProps) {
  const [draft, setDraft] = useState<SettingsDraft>(() => settingsDraftOf(saved));
  const [errors, setErrors] = useState<SettingsErrors>({});
  const form = useErrorFocus(errors);
  const identity = JSON.stringify(saved);
  const dirty = JSON.stringify(draft) !== JSON.stringify(settingsDraftOf(saved));
  const reset = (settings: Settings) => {
    setDraft(settingsDraftOf(settings));
    setErrors({});
  };
  // Settings that were saved elsewhere replace the draft; the figures that tick every second do not.
  useEffect(() => reset(JSON.parse(identity) as Settings), [identity]);
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const edited = editSettings(saved, draft);
    setErrors(edited.ok ? {} : edited.errors);
    if (!edited.ok) return;
    void action.run(
      () => client.saveSettings(edited.settings),
      () => 'Settings saved.',
    );
  };
  return (
    <section id="settings" aria-labelledby="settings-heading">
      <div class="section-head">
        <h2 id="settings-heading">Settings</h2>
      </div>
      <form ref={form} class="card settings" noValidate onSubmit={save}>
        <MeasureFields
          keys={SETTING_KEYS}
          measures={SETTING_FIELDS}
          values={draft.numbers}
          errors={errors}
          onChange={(numbers) => setDraft({ ...draft, numbers })}
        />
        <BackendChoice value={draft.backend} onChange={(backend) => setDraft({ ...draft, backend })} />
        <div class="actions">
          <button type="submit" class="button button-primary" disabled={!dirty}>
            Save settings
          </button>
          <button type="button" class="button" disabled={!dirty} onClick={() => reset(saved)}>
            Undo changes
          </button>
          <button type="button" class="button button-quiet" onClick={() => setDraft(settingsDraftOf(DEFAULT_SETTINGS))}>
            Use the defaults
          </button>
        </div>
      </form>
    </section>
  );
}

interface BackendChoiceProps {
  readonly value: Settings['backend'];
  readonly onChange: (value: Settings['backend']) => void;
}

function BackendChoice({ value, onChange }: BackendChoiceProps) {
  return (
    <fieldset>
      <legend>Run models on</legend>
      {BACKEND_CHOICES.map((choice) => (
        <Toggle
          key={choice.value}
          type="radio"
          name="backend"
          value={choice.value}
          label={choice.label}
          detail={choice.detail}
          checked={choice.value === value}
          onChange={() => onChange(choice.value)}
        />
      ))}
    </fieldset>
  );
}
