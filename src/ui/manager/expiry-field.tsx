import { useId } from 'preact/hooks';
import type { Grant } from '../../protocol/grant.ts';
import { endText } from '../model/caveats.ts';
import { EXPIRY_CHOICES, type ExpiryChoice, type GrantDraft } from '../model/grant-edit.ts';

interface ExpiryFieldProps {
  readonly grant: Grant;
  readonly draft: GrantDraft;
  readonly error: string | undefined;
  readonly onChange: (part: Partial<GrantDraft>) => void;
}

const CHOICES: Readonly<Record<ExpiryChoice, string>> = {
  keep: 'As it is',
  never: 'No end of its own',
  hour: 'In 1 hour',
  day: 'In 1 day',
  month: 'In 30 days',
  at: 'On a date',
};

/** When the permission ends. What ends it besides, a closed page or browser, stays as it was allowed. */
export function ExpiryField({ grant, draft, error, onChange }: ExpiryFieldProps) {
  const id = useId();
  return (
    <fieldset>
      <legend>End</legend>
      <div class="expiry">
        <select
          class="input"
          aria-label="When it ends"
          aria-describedby={`${id}-now`}
          value={draft.expiry}
          onChange={(event) => {
            const expiry = EXPIRY_CHOICES.find((choice) => choice === event.currentTarget.value);
            if (expiry) onChange({ expiry });
          }}
        >
          {EXPIRY_CHOICES.map((choice) => (
            <option key={choice} value={choice}>
              {CHOICES[choice]}
            </option>
          ))}
        </select>
        {draft.expiry === 'at' && (
          <input
            class="input"
            type="datetime-local"
            aria-label="Date and time"
            aria-invalid={error !== undefined}
            {...(error && { 'aria-describedby': `${id}-error` })}
            value={draft.expiryAt}
            onInput={(event) => onChange({ expiryAt: event.currentTarget.value })}
          />
        )}
      </div>
      <p id={`${id}-now`} class="field-hint">
        Now: {endText(grant, Date.now())}
      </p>
      {error && (
        <p id={`${id}-error`} class="field-error">
          {error}
        </p>
      )}
    </fieldset>
  );
}
