/** What may be said after a piece of text, and whether a stop string ended the whole. */
export interface StopDecision {
  readonly text: string;
  readonly stopped: boolean;
}

export interface StopStrings {
  /** Takes the next piece; gives out what cannot belong to a stop string any more. */
  push(piece: string): StopDecision;
  /** Gives out what was held back, when nothing follows. */
  flush(): string;
}

/**
 * Finds the earliest stop string however the text is cut into pieces. Text that may be the beginning of one is held back
 * until that is decided; the stop string itself is never given out.
 */
export function createStopStrings(stops: readonly string[]): StopStrings {
  let held = '';
  return {
    push(piece) {
      held += piece;
      const at = firstIndex(held, stops);
      if (at >= 0) {
        const text = held.slice(0, at);
        held = '';
        return { text, stopped: true };
      }
      const keep = longestBeginning(held, stops);
      const text = held.slice(0, held.length - keep);
      held = held.slice(text.length);
      return { text, stopped: false };
    },
    flush() {
      const text = held;
      held = '';
      return text;
    },
  };
}

function firstIndex(text: string, stops: readonly string[]): number {
  const found = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
  return found.length > 0 ? Math.min(...found) : -1;
}

/** Length of the longest end of `text` that begins a stop string. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
