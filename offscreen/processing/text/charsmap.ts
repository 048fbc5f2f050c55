import { corrupt } from '../../graphs/config-fields.ts';

/** Longer clusters are looked up character by character only, as in the `tokenizers` library of Hugging Face. */
const MOST_CLUSTER_BYTES = 5;
/** Characters that are cut into clusters at once. */
const WINDOW = 256;
/** Characters without which every cluster is a single one (Unicode Standard Annex 29): marks, joiners, jamo, flags and such. */
const MAY_JOIN =
  /\p{M}|\p{Cc}|\p{Cf}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u0e33\u0eb3\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7fb\uff9e\uff9f]/u;
/** Stretches that may change: with anything beyond ASCII, or control characters. A mark may join the ASCII character before it. */
const MAY_CHANGE = /\p{ASCII}?\P{ASCII}+|\p{Cc}+/gu;
const ANYTHING = /[\s\S]+/gu;

/**
 * The normalization table of a SentencePiece model, as `Precompiled` normalizers of tokenizer.json carry it in base 64: the size of
 * a trie in bytes, the trie, and the texts that it points to, each ended by a zero byte (SentencePiece, `normalizer.cc`). The
 * trie is a double array (Aoe 1989) in the layout of Darts-clone. Which stretches of a text are looked up follows the Rust
 * `tokenizers` library: whole grapheme clusters where they are short, else characters.
 *
 * This stands in for the normalizer of `@huggingface/tokenizers` 0.2.0, which goes by fixed rules in place of the table and turns
 * the joiner U+200D of emoji into a space.
 *
 * @throws WebplatError `model-corrupt`
 */
export function readCharsmap(base64: string): (text: string) => string {
  const bytes = decodeBase64(base64);
  const view = new DataView(bytes.buffer);
  const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (trieBytes < 4 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) throw malformed();
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, at) => view.getUint32(4 + 4 * at, true));
  const texts = bytes.subarray(4 + trieBytes);

  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const known = new Map<string, string | undefined>();
  const replacement = (text: string): string | undefined => {
    if (known.has(text)) return known.get(text);
    const start = firstMatch(units, encoder.encode(text));
    const found = start === undefined ? undefined : decoder.decode(texts.subarray(start, endOfText(texts, start)));
    if (known.size < 65_536) known.set(text, found);
    return found;
  };

  const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' });
  const normalize = (stretch: string): string => {
    let text = '';
    for (const segment of clustersOf(clusters, stretch)) {
      const short = segment.length <= MOST_CLUSTER_BYTES && encoder.encode(segment).length <= MOST_CLUSTER_BYTES;
      const whole = short ? replacement(segment) : undefined;
      if (whole === undefined) for (const character of segment) text += replacement(character) ?? character;
      else text += whole;
    }
    return text;
  };
  const printable = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at));
  const pattern = printable.every((character) => replacement(character) === undefined) ? MAY_CHANGE : ANYTHING;
  return (text) => text.replace(pattern, normalize);
}

/** Cluster by cluster; looks at a window at a time, because segmenters take quadratic time on long texts. */
function* clustersOf(segmenter: Intl.Segmenter, text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = start + WINDOW;
    const splitsPair = (text.codePointAt(end - 1) ?? 0) > 0xffff;
    const window = text.slice(start, splitsPair ? end + 1 : end);
    const found = MAY_JOIN.test(window)
      ? Array.from(segmenter.segment(window), ({ segment }) => segment)
      : Array.from(window);
    // The last cluster may go on beyond the window, unless there is nothing else in it: then it is a long one either way.
    if (found.length > 1 && end < text.length) found.pop();
    for (const cluster of found) {
      yield cluster;
      start += cluster.length;
    }
  }
}

const malformed = () => corrupt('The normalization table of tokenizer.json is malformed.');

function decodeBase64(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw malformed();
  }
}

/** Where the text begins that replaces the shortest beginning of `key` that the trie has. */
function firstMatch(units: Uint32Array, key: Uint8Array): number | undefined {
  let at = offsetOf(units[0] ?? 0);
  for (const byte of key) {
    if (byte === 0) return undefined;
    at ^= byte;
    const unit = units[at];
    // The sign bit marks a value, which is no label of a byte.
    if (unit === undefined || (unit & 0x8000_00ff) !== byte) return undefined;
    at ^= offsetOf(unit);
    if ((unit >>> 8) & 1) return (units[at] ?? 0) & 0x7fff_ffff;
  }
  return undefined;
}

const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);

function endOfText(texts: Uint8Array, start: number): number {
  const end = texts.indexOf(0, start);
  if (end < 0) throw malformed();
  return end;
}
