import type { LabelledMeasure } from '../model/measure.ts';
import { NumberField } from './field.tsx';

interface MeasureFieldsProps<K extends string> {
  /** The fields, in the order in which they are read. */
  readonly keys: readonly K[];
  readonly measures: Readonly<Record<K, LabelledMeasure>>;
  /** As typed. */
  readonly values: Readonly<Record<K, string>>;
  readonly errors: Readonly<Partial<Record<K, string>>>;
  readonly onChange: (values: Readonly<Record<K, string>>) => void;
}

/** Several quantities to be typed, each with its unit and with what is wrong with it. */
export function MeasureFields<K extends string>({ keys, measures, values, errors, onChange }: MeasureFieldsProps<K>) {
  return (
    <div class="fields">
      {keys.map((key) => (
        <NumberField
          key={key}
          name={key}
          label={measures[key].label}
          unit={measures[key].unit}
          hint={measures[key].hint}
          value={values[key]}
          error={errors[key]}
          onInput={(text) => onChange({ ...values, [key]: text })}
        />
      ))}
    </div>
  );
}
