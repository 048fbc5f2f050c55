import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/**
 * Moves the focus to the first field that is wrong whenever `errors` is replaced, so that what is wrong is read out and can
 * be corrected at once. The ref is for the form.
 */
export function useErrorFocus(errors: object): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (Object.keys(errors).length === 0) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid] input:enabled')?.focus();
  }, [errors]);
  return form;
}
