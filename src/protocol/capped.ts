import * as v from 'valibot';

/** A list of `least` to `most` items, whose length is looked at before any of them: a longer one costs nothing. */
export function capped<S extends v.GenericSchema>(item: S, least: number, most: number) {
  const fits = (value: unknown) => Array.isArray(value) && value.length >= least && value.length <= most;
  return v.pipe(
    v.custom<unknown[]>(fits, `a list of ${least} to ${most}`),
    v.array(item),
    v.minLength(least),
    v.maxLength(most),
  );
}
