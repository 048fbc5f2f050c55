import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface NumberFieldProps {
  readonly label: ComponentChildren;
  readonly unit: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly name: string;
}

/** A number with its unit. Text input on purpose: a wheel that turns over it must not change a limit. */
export function NumberField({ label, unit, value, onInput, hint, error, name }: NumberFieldProps) {
  const id = useId();
  const described = [`${id}-unit`, hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <div class="field-row">
        <input
          id={id}
          name={name}
          class="input input-number"
          type="text"
          inputMode="decimal"
          autocomplete="off"
          spellcheck={false}
          value={value}
          aria-describedby={described}
          aria-invalid={error !== undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        <span class="field-unit" id={`${id}-unit`}>
          {unit}
        </span>
      </div>
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

interface ToggleProps {
  /** A radio button is one answer of those with the same name. */
  readonly type?: 'checkbox' | 'radio';
  readonly label: ComponentChildren;
  readonly detail?: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
  readonly name: string;
  readonly value?: string;
}

/** A checkbox or radio button with a label and an optional line of explanation. */
export function Toggle({
  type = 'checkbox',
  label,
  detail,
  checked,
  onChange,
  disabled = false,
  name,
  value,
}: ToggleProps) {
  const id = useId();
  return (
    <div class="toggle">
      <input
        id={id}
        name={name}
        type={type}
        {...(value !== undefined && { value })}
        checked={checked}
        disabled={disabled}
        {...(detail !== undefined && { 'aria-describedby': `${id}-detail` })}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {detail !== undefined && (
        <p class="toggle-detail" id={`${id}-detail`}>
          {detail}
        </p>
      )}
    </div>
  );
}
