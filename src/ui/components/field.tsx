import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
}

interface TextFieldProps extends FieldProps {
  readonly name: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

/** What every input for text has. */
const PLAIN = { autocomplete: 'off', spellcheck: false } as const;

/** A number with its unit. Text input on purpose: a wheel that turns over it must not change a limit. */
export function NumberField({ unit, value, onInput, name, ...field }: TextFieldProps & { readonly unit: string }) {
  const id = useId();
  return (
    <Field {...field} id={id}>
      <div class="field-row">
        <input
          {...PLAIN}
          id={id}
          name={name}
          class="input input-number"
          type="text"
          inputMode="decimal"
          value={value}
          aria-describedby={describedBy(id, field, `${id}-unit`)}
          aria-invalid={field.error !== undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        <span class="field-unit" id={`${id}-unit`}>
          {unit}
        </span>
      </div>
    </Field>
  );
}

/** A line of text; a secret is not shown while it is typed. */
export function TextField({
  value,
  onInput,
  name,
  secret = false,
  ...field
}: TextFieldProps & { readonly secret?: boolean }) {
  const id = useId();
  return (
    <Field {...field} id={id}>
      <input
        {...PLAIN}
        id={id}
        name={name}
        class="input"
        {...(secret ? ({ type: 'password' } as const) : ({ type: 'text' } as const))}
        value={value}
        aria-describedby={describedBy(id, field)}
        aria-invalid={field.error !== undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </Field>
  );
}

/** Entries, one a line. */
export function LinesField({ value, onInput, name, ...field }: TextFieldProps) {
  const id = useId();
  return (
    <Field {...field} id={id}>
      <textarea
        {...PLAIN}
        id={id}
        name={name}
        class="input input-lines"
        rows={Math.min(8, Math.max(2, value.split('\n').length))}
        value={value}
        aria-describedby={describedBy(id, field)}
        aria-invalid={field.error !== undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </Field>
  );
}

/** An input with its label, what explains it and what is wrong with it. */
function Field({ id, label, hint, error, children }: FieldProps & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      {children}
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

const describedBy = (id: string, { hint, error }: Omit<FieldProps, 'label'>, unit = ''): string =>
  [unit, hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');

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
