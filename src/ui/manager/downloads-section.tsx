import { useEffect, useState } from 'preact/hooks';
import { DEFAULT_DOWNLOADS, type Settings } from '../../protocol/settings.ts';
import type { UiClient } from '../client.ts';
import { LinesField, TextField, Toggle } from '../components/field.tsx';
import { MeasureFields } from '../components/measure-fields.tsx';
import type { Action } from '../components/use-action.ts';
import { useErrorFocus } from '../components/use-error-focus.ts';
import {
  DOWNLOAD_FIELDS,
  DOWNLOAD_KEYS,
  type DownloadErrors,
  downloadDraftOf,
  editDownloads,
  LIST_FIELDS,
  LIST_KEYS,
} from '../model/download-edit.ts';

interface DownloadsSectionProps {
  readonly saved: Settings;
  readonly client: UiClient;
  readonly action: Action;
}

/** Where models may be downloaded from, and what they may take of the disk and of the connection. */
export function DownloadsSection({ saved, client, action }: DownloadsSectionProps) {
  const { downloads } = saved;
  const [draft, setDraft] = useState(() => downloadDraftOf(downloads));
  const [errors, setErrors] = useState<DownloadErrors>({});
  const form = useErrorFocus(errors);
  const identity = JSON.stringify(downloads);
  const dirty = JSON.stringify(draft) !== JSON.stringify(downloadDraftOf(downloads));
  const reset = (to: Settings['downloads']) => {
    setDraft(downloadDraftOf(to));
    setErrors({});
  };
  // Settings that were saved elsewhere replace the draft; the figures that tick every second do not.
  useEffect(() => reset(JSON.parse(identity) as Settings['downloads']), [identity]);
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const edited = editDownloads(downloads, draft);
    setErrors(edited.ok ? {} : edited.errors);
    if (!edited.ok) return;
    void action.run(
      () => client.saveSettings({ ...saved, downloads: edited.downloads }),
      () => 'Downloads saved.',
    );
  };
  return (
    <section id="downloads" aria-labelledby="downloads-heading">
      <div class="section-head">
        <h2 id="downloads-heading">Downloads</h2>
      </div>
      <form ref={form} class="card settings" noValidate onSubmit={save}>
        <div class="fields">
          <TextField
            name="hubUrl"
            label="Hub"
            hint="Where models named hf:ORG/NAME come from."
            value={draft.hubUrl}
            error={errors.hubUrl}
            onInput={(hubUrl) => setDraft({ ...draft, hubUrl })}
          />
          {LIST_KEYS.map((key) => (
            <LinesField
              key={key}
              name={key}
              label={LIST_FIELDS[key].label}
              hint={LIST_FIELDS[key].hint}
              value={draft.lists[key]}
              error={errors[key]}
              onInput={(text) => setDraft({ ...draft, lists: { ...draft.lists, [key]: text } })}
            />
          ))}
        </div>
        <MeasureFields
          keys={DOWNLOAD_KEYS}
          measures={DOWNLOAD_FIELDS}
          values={draft.numbers}
          errors={errors}
          onChange={(numbers) => setDraft({ ...draft, numbers })}
        />
        <Toggle
          name="metered"
          label="Download on metered connections too"
          detail="Those that cost by the byte, where the browser can tell."
          checked={draft.metered === 'allow'}
          onChange={(allowed) => setDraft({ ...draft, metered: allowed ? 'allow' : 'refuse' })}
        />
        <div class="actions">
          <button type="submit" class="button button-primary" disabled={!dirty}>
            Save downloads
          </button>
          <button type="button" class="button" disabled={!dirty} onClick={() => reset(downloads)}>
            Undo
          </button>
          <button
            type="button"
            class="button button-quiet"
            onClick={() => setDraft(downloadDraftOf(DEFAULT_DOWNLOADS))}
          >
            Restore defaults
          </button>
        </div>
      </form>
    </section>
  );
}
