/**
 * Finds out whether anybody still answers on a port. Chromium cannot be asked: a port that an extension's document
 * received too stays open after the service worker behind it stopped, and what is sent on it is lost without a sign.
 */
export interface Pulse {
  /** Something was sent that is answered at once; silence from now on counts. */
  expect(): void;
  /** Something came. */
  word(): void;
  /** Whether something came so recently that the background cannot have gone to sleep since. */
  fresh(): boolean;
  stop(): void;
}

export interface PulseOptions {
  /** Whether anything waits for an answer, so that it is worth asking again and again. */
  busy(): boolean;
  /** Sends something that is answered at once. */
  ping(): void;
  onSilence(): void;
}

/** A background that has to start first answers within a second on a slow machine. */
const SILENCE_MS = 3_000;
/** Well below the thirty seconds of idleness after which browsers stop a background. */
const FRESH_MS = 20_000;
const BEAT_MS = 2_000;

export function createPulse({ busy, ping, onSilence }: PulseOptions): Pulse {
  let silence: ReturnType<typeof setTimeout> | undefined;
  let beat: ReturnType<typeof setTimeout> | undefined;
  let heardAt = performance.now();

  const expect = () => {
    silence ??= setTimeout(onSilence, SILENCE_MS);
  };
  const ask = () => {
    beat = undefined;
    if (!busy()) return;
    ping();
    expect();
  };
  return {
    expect,
    word() {
      heardAt = performance.now();
      clearTimeout(silence);
      silence = undefined;
      beat ??= setTimeout(ask, BEAT_MS);
    },
    fresh: () => performance.now() - heardAt < FRESH_MS,
    stop() {
      clearTimeout(silence);
      clearTimeout(beat);
      silence = beat = undefined;
    },
  };
}
