import { Toggle } from '../components/field.tsx';
import { DURATION_CHOICES, type DurationChoice } from '../model/durations.ts';

interface PromptDurationProps {
  readonly value: DurationChoice;
  readonly onChange: (value: DurationChoice) => void;
}

/** How long a yes lasts. */
export function PromptDuration({ value, onChange }: PromptDurationProps) {
  const chosen = DURATION_CHOICES.find((choice) => choice.value === value);
  return (
    <fieldset class="card durations" aria-describedby="duration-detail">
      <legend>For how long</legend>
      <div class="duration-grid">
        {DURATION_CHOICES.map((choice) => (
          <Toggle
            key={choice.value}
            type="radio"
            name="duration"
            value={choice.value}
            label={choice.label}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
        ))}
      </div>
      <p id="duration-detail" class="row-detail" aria-live="polite">
        {chosen?.detail}
      </p>
    </fieldset>
  );
}
