import { describe, expect, it } from 'vitest';
import { createDetokenizer } from './detokenizer.ts';

/** One token a byte: the hardest case there is. */
const decodeBytes = (ids: readonly number[]) => new TextDecoder().decode(Uint8Array.from(ids));
const encodeBytes = (text: string) => [...new TextEncoder().encode(text)];

function feed(ids: readonly number[], decode = decodeBytes, context?: number) {
  const detokenizer = createDetokenizer(decode, context);
  return [...ids.map((id) => detokenizer.push(id)), detokenizer.flush()];
}

describe('detokenizer', () => {
  it('gives whole characters only', () => {
    expect(feed(encodeBytes('aé€🎉z'))).toEqual(['a', '', 'é', '', '', '€', '', '', '', '🎉', 'z', '']);
  });

  it.each([
    'plain',
    'mixed ünïcödé',
    '日本語のテキスト',
    '👩‍👩‍👧‍👦 family',
    'a\u{fffd}b',
    '\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd} end',
  ])('gives all of %j in pieces that never split a character', (text) => {
    const pieces = feed(encodeBytes(text));
    expect(pieces.join('')).toBe(text);
    for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
  });

  it('says at the end what stayed incomplete', () => {
    expect(feed([0x61, 0xf0, 0x9f])).toEqual(['a', '', '', '\u{fffd}']);
  });

  it('goes on after bytes that are no text', () => {
    const invalid = new Array<number>(20).fill(0xff);
    const pieces = feed([...invalid, 0x61]);
    expect(pieces.join('')).toBe(`${'\u{fffd}'.repeat(20)}a`);
    expect(pieces.findIndex((piece) => piece !== '')).toBeLessThan(5);
  });

  it('keeps the space of a word start, which decoders drop at the beginning of a text', () => {
    const words = ['▁one', '▁two', '▁three'];
    const decode = (ids: readonly number[]) =>
      ids
        .map((id) => words[id])
        .join('')
        .replaceAll('▁', ' ')
        .replace(/^ /, '');
    expect(feed([1, 2], decode, 0)).toEqual([' two', ' three', '']);
    expect(feed([1, 2], decode)).toEqual(['two', ' three', '']);
  });

  it('keeps it across tokens that have no text', () => {
    const words = ['▁one', '', '▁two'];
    const decode = (ids: readonly number[]) =>
      ids
        .map((id) => words[id])
        .join('')
        .replaceAll('▁', ' ')
        .replace(/^ /, '');
    expect(feed([0, 1, 2], decode)).toEqual(['one', '', ' two', '']);
  });
});
