import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { errorText } from '../model/error-text.ts';
import { createLive, type Live } from '../model/live.ts';

interface UseLive<T> {
  readonly value: T | undefined;
  readonly error: string | undefined;
  readonly refresh: () => void;
}

/**
 * A value that is fetched at once, after every change notification, when the page becomes visible, and while it is
 * visible as often as `paceMs` says. `fetch`, `onChanged` and `paceMs` must be stable.
 */
export function useLive<T>(
  fetch: () => Promise<T>,
  onChanged: (listener: () => void) => () => void,
  paceMs: (value: T) => number | undefined,
): UseLive<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<string>();
  const live = useRef<Live>(undefined);
  useEffect(() => {
    const visible = () => document.visibilityState === 'visible';
    const current = createLive({
      fetch,
      onValue(next) {
        setValue(next);
        setError(undefined);
      },
      onError: (thrown) => setError(errorText(thrown)),
      nextAfterMs: (next) => (visible() ? paceMs(next) : undefined),
      schedule(task, ms) {
        const timer = setTimeout(task, ms);
        return () => clearTimeout(timer);
      },
    });
    live.current = current;
    const stopChanges = onChanged(current.refresh);
    const stop = new AbortController();
    document.addEventListener('visibilitychange', () => visible() && current.refresh(), { signal: stop.signal });
    return () => {
      stop.abort();
      stopChanges();
      current.dispose();
    };
  }, [fetch, onChanged, paceMs]);
  return { value, error, refresh: useCallback(() => live.current?.refresh(), []) };
}
