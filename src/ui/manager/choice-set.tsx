import { useId } from 'preact/hooks';
import { Toggle } from '../components/field.tsx';

interface ChoiceSetProps<T extends string> {
  readonly legend: string;
  /** What choosing everything, now and later, is called. */
  readonly all: string;
  readonly options: readonly { readonly value: T; readonly title: string }[];
  readonly chosen: '*' | ReadonlySet<T>;
  readonly error: string | undefined;
  readonly onChange: (chosen: '*' | ReadonlySet<T>) => void;
}

/** Some of a list, or all of it including what will be added; the two are different things. */
export function ChoiceSet<T extends string>({ legend, all, options, chosen, error, onChange }: ChoiceSetProps<T>) {
  const id = useId();
  const any = chosen === '*';
  const toggle = (value: T, on: boolean) => {
    const next = new Set(chosen === '*' ? [] : chosen);
    if (on) next.add(value);
    else next.delete(value);
    onChange(next);
  };
  return (
    <fieldset {...(error && { 'data-invalid': true, 'aria-describedby': id })}>
      <legend>{legend}</legend>
      {options.map(({ value, title }) => (
        <Toggle
          key={value}
          name={value}
          label={title}
          checked={any || chosen.has(value)}
          disabled={any}
          onChange={(on) => toggle(value, on)}
        />
      ))}
      <Toggle
        name={`${legend} any`}
        label={all}
        checked={any}
        onChange={(on) => onChange(on ? '*' : new Set(options.map(({ value }) => value)))}
      />
      {error && (
        <p id={id} class="field-error">
          {error}
        </p>
      )}
    </fieldset>
  );
}
