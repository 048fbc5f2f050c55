import type { RefObject } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { createDelayGuard, type DelayGuard } from './delay-guard.ts';

/** Long enough to notice that a window appeared under the pointer, short enough not to annoy. */
const DELAY_MS = 700;
const MOVE_CHECK_MS = 100;

/**
 * A delay guard over this window: it starts again when the window is shown, focused, resized or moved and when
 * `content` changes its size, so that a click meant for something else never lands on the guarded button.
 */
export function useDelayGuard(content: RefObject<Element | null>): {
  readonly ready: boolean;
  readonly guard: DelayGuard;
} {
  const [ready, setReady] = useState(false);
  const guard = useMemo(
    () =>
      createDelayGuard({
        delayMs: DELAY_MS,
        now: () => performance.now(),
        schedule: (task, ms) => {
          const timer = setTimeout(task, ms);
          return () => clearTimeout(timer);
        },
        onChange: setReady,
      }),
    [],
  );
  useEffect(() => {
    const stopWatching = watchWindow(content.current, () => {
      if (document.visibilityState === 'visible') guard.restart();
      else guard.hold();
    });
    return () => {
      stopWatching();
      guard.hold();
    };
  }, [guard, content]);
  return { ready, guard };
}

function watchWindow(content: Element | null, disturbed: () => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  for (const type of ['focus', 'resize', 'pageshow']) window.addEventListener(type, disturbed, { signal });
  document.addEventListener('visibilitychange', disturbed, { signal });
  const sizes = new ResizeObserver(disturbed);
  if (content) sizes.observe(content);
  const stopMoves = watchPosition(disturbed);
  disturbed();
  return () => {
    stop.abort();
    sizes.disconnect();
    stopMoves();
  };
}

/** There is no event for a moved window, so its position is compared from time to time. */
function watchPosition(moved: () => void): () => void {
  let at = `${window.screenX},${window.screenY}`;
  const timer = setInterval(() => {
    const now = `${window.screenX},${window.screenY}`;
    if (now !== at) moved();
    at = now;
  }, MOVE_CHECK_MS);
  return () => clearInterval(timer);
}
