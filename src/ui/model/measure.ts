import * as v from 'valibot';

/** A stored quantity as people type it. */
export interface Measure {
  /** Unit behind the input. */
  readonly unit: string;
  /** Stored units in one typed unit. */
  readonly scale: number;
  /** Decimals that a value is shown with. */
  readonly digits: number;
  /** Bounds in stored units. */
  readonly min: number;
  readonly max: number;
}

/** A quantity with the name of its field, and what it is for where the name does not say it. */
export interface LabelledMeasure extends Measure {
  readonly label: string;
  readonly hint?: string;
}

/** A typed number in stored units, or what is wrong with it in words for the person who typed it. */
export type Typed = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly error: string };

/** The text an input starts with. */
export function measureText({ scale, digits }: Measure, value: number): string {
  const shown = Number((value / scale).toFixed(digits));
  // A value too small for the decimals must not read as nothing at all.
  return String(shown > 0 || value === 0 ? shown : value / scale);
}

/** Reads what was typed. */
export function parseMeasure(measure: Measure, text: string): Typed {
  const { scale, unit, min, max } = measure;
  const typed = parseNumber(text);
  if (typed === undefined) return { ok: false, error: `Type a number of ${unit}.` };
  const value = Math.round(typed * scale);
  if (scale === 1 && value !== typed) return { ok: false, error: 'Type a whole number.' };
  if (value < min) return { ok: false, error: `At least ${measureText(measure, min)}.` };
  if (value > max) return { ok: false, error: `At most ${measureText(measure, max)}.` };
  return { ok: true, value };
}

/** A plain decimal number, with grouping commas or spaces allowed; undefined for anything else. */
export function parseNumber(text: string): number | undefined {
  const plain = text.trim();
  const grouped = /^\d{1,3}([,\s]\d{3})+(\.\d+)?$/.test(plain) ? plain.replace(/[,\s]/g, '') : plain;
  return /^\d{1,15}(\.\d{1,12})?$/.test(grouped) ? Number(grouped) : undefined;
}

const Bound = v.object({ type: v.string(), requirement: v.number() });

/** The bounds of a number, read from the schema that the background checks it with. */
export function boundsOf(schema: { readonly pipe: readonly unknown[] }): {
  readonly min: number;
  readonly max: number;
} {
  const bound = (type: string, fallback: number) => {
    const step = schema.pipe.find((candidate) => v.is(Bound, candidate) && candidate.type === type);
    return v.is(Bound, step) ? step.requirement : fallback;
  };
  return { min: bound('min_value', 0), max: bound('max_value', Number.MAX_SAFE_INTEGER) };
}
