import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { errorText } from '../model/error-text.ts';
import { createLive, type Live } from '../model/live.ts';

const BUSY_MS = 1000;

interface UseLive<T> {
  readonly value: T | undefined;
  readonly error: string | undefined;
  readonly refresh: () => void;
}

/**
 * A value that is fetched at once, after every change notification, when the page becomes visible, and every second
 * while `busy` says so and the page is visible. `fetch`, `onChanged` and `busy` must be stable.
 */
export function useLive<T>(
  fetch: () => Promise<T>,
  onChanged: (listener: () => void) => () => void,
  busy: (value: T) => boolean,
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
      nextAfterMs: (next) => (visible() && busy(next) ? BUSY_MS : undefined),
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
  }, [fetch, onChanged, busy]);
  return { value, error, refresh: useCallback(() => live.current?.refresh(), []) };
}
