/** What the numbers of a CTC model's output stand for. */
export interface CtcVocabulary {
  tokenOf(id: number): string | undefined;
  /** Stands for no character; also tells a doubled one from one that goes on. */
  readonly blankId: number;
  /** Token between words, mostly `|`. */
  readonly delimiter: string;
}

/** A piece of text and when it is said, in seconds. */
export interface TimedText {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface CtcText {
  readonly text: string;
  readonly words: readonly TimedText[];
  /** Without those between words. */
  readonly characters: readonly TimedText[];
}

/** The likeliest token of each frame; `logits` are [frames, vocabulary]. Of equals the lowest id. */
export function greedyIds(logits: Float32Array, vocabulary: number): Int32Array<ArrayBuffer> {
  const ids = new Int32Array(Math.floor(logits.length / vocabulary));
  for (let frame = 0; frame < ids.length; frame += 1) {
    const start = frame * vocabulary;
    let best = 0;
    for (let id = 1; id < vocabulary; id += 1) {
      if ((logits[start + id] as number) > (logits[start + best] as number)) best = id;
    }
    ids[frame] = best;
  }
  return ids;
}

/**
 * The text of a path of tokens, one a frame (Graves et al. 2006, "Connectionist Temporal Classification"): equal neighbours are one
 * token, then blanks are dropped. A token lasts from its first frame to the first of the next token or blank.
 *
 * @param frameSeconds from one frame to the next: the product of the strides of all convolutions, divided by the rate
 */
export function decodeCtc(ids: ArrayLike<number>, vocabulary: CtcVocabulary, frameSeconds: number): CtcText {
  const { blankId, delimiter, tokenOf } = vocabulary;
  const tokens: TimedText[] = [];
  for (let start = 0, end = 0; start < ids.length; start = end) {
    for (end = start + 1; end < ids.length && ids[end] === ids[start]; ) end += 1;
    const id = ids[start] ?? blankId;
    if (id === blankId) continue;
    tokens.push({ text: tokenOf(id) ?? '', start: start * frameSeconds, end: end * frameSeconds });
  }
  const text = tokens.map((token) => (token.text === delimiter ? ' ' : token.text)).join('');
  return {
    text: text.trim(),
    words: wordsOf(tokens, delimiter),
    characters: tokens.filter((token) => token.text !== delimiter),
  };
}

function wordsOf(tokens: readonly TimedText[], delimiter: string): TimedText[] {
  const words: TimedText[] = [];
  let open = false;
  for (const token of tokens) {
    if (token.text === delimiter) {
      open = false;
      continue;
    }
    const word = open ? words.pop() : undefined;
    words.push(word ? { text: word.text + token.text, start: word.start, end: token.end } : token);
    open = true;
  }
  return words;
}
