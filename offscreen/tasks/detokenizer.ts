/** Turns token ids into text; `decode([a, b])` need not be `decode([a]) + decode([b])`. */
export type Decode = (ids: readonly number[]) => string;

export interface Detokenizer {
  /** Takes the next token; gives out the text that no later token can change. */
  push(id: number): string;
  /** Gives out what was held back, with replacement characters for what never became one. */
  flush(): string;
}

const REPLACEMENT = '\u{fffd}';
/** Bytes of one character: longer runs of replacement characters are not a character under way. */
const MOST_CHARACTER_BYTES = 4;

/**
 * Detokenizes step by step in constant time a token. A character whose bytes come in several tokens decodes to
 * replacement characters until it is whole; text ending in them is held back.
 *
 * @param context Token before the first one, so that word-start conventions apply as they would inside the text.
 */
export function createDetokenizer(decode: Decode, context: number | undefined): Detokenizer {
  let before = context === undefined ? [] : [context];
  let pending: number[] = [];
  let given = '';

  function unsaid(): string {
    const prefix = decode(before);
    const text = decode([...before, ...pending]);
    return text.startsWith(prefix) ? text.slice(prefix.length) : decode(pending);
  }

  return {
    push(id) {
      pending.push(id);
      const text = unsaid();
      const end = text.length - heldBack(text);
      const news = text.slice(given.length, Math.max(end, given.length));
      given += news;
      if (end === text.length) {
        // The last token that gave text is the next context: special tokens decode to nothing and would hide word starts.
        before = text === '' ? before : [id];
        pending = [];
        given = '';
      }
      return news;
    },
    flush() {
      const news = unsaid().slice(given.length);
      pending = [];
      given = '';
      return news;
    },
  };
}

function heldBack(text: string): number {
  let count = 0;
  while (count < MOST_CHARACTER_BYTES && text.at(-1 - count) === REPLACEMENT) count += 1;
  return count < MOST_CHARACTER_BYTES ? count : 0;
}
