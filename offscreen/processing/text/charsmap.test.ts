import { describe, expect, it } from 'vitest';
import { fixtureJson } from '../../../test/support/fixture-json.ts';
import { readCharsmap } from './charsmap.ts';

const { normalizer } = await fixtureJson('t5', 'tokenizer.json');
const normalize = readCharsmap(normalizer.precompiled_charsmap);

describe('the normalization table of SentencePiece', () => {
  it.each([
    ['leaves ASCII', 'Plain text, 1 + 1 = 2.', 'Plain text, 1 + 1 = 2.'],
    ['makes spaces of tabs and line ends', 'a\tb\nc\r\nd', 'a b c d'],
    ['drops control characters', 'a\u0001b\u007fc', 'abc'],
    ['makes full-width letters plain', 'Ｈｅｌｌｏ', 'Hello'],
    ['takes ligatures and signs apart', 'ﬁne ™ ½ …', 'fine TM 1⁄2 ...'],
    ['puts letters and marks together', 'e\u0301 A\u030a', 'é Å'],
    ['keeps the joiner of emoji', '👨\u200d👩', '👨\u200d👩'],
    ['makes a space of a space of no width', 'a\u200bb', 'a b'],
    ['keeps letters beyond the first 65536', '𠀀𝒳', '𠀀X'],
  ])('%s', (_what, text, normalized) => {
    expect(normalize(text)).toBe(normalized);
  });

  it.each([
    ['a letter with marks', 'e\u0301', 'é'],
    ['a pair of surrogates', '𠀀', '𠀀'],
    ['one long cluster', `x${'\u{e0100}'.repeat(50)}`, `x${'\u{e0100}'.repeat(50)}`],
  ])('does not depend on where in a long text %s is', (_what, text, normalized) => {
    for (let before = 120; before < 260; before += 1) {
      const long = `${'語'.repeat(before)}${text}語${text.repeat(9)}`;
      expect(normalize(long)).toBe(`${'語'.repeat(before)}${normalized}語${normalized.repeat(9)}`);
    }
  });

  it('normalizes a long text in a script without spaces in time that grows with its length', () => {
    expect(normalize('がんばれ！'.repeat(20_000))).toBe('がんばれ!'.repeat(20_000));
  });

  it.each([
    ['no base 64', '%'],
    ['nothing', ''],
    ['too short', btoa('\x08\0\0\0abc')],
    ['of an odd size', btoa('\x05\0\0\0abcdef')],
  ])('refuses a table that is %s', (_what, table) => {
    expect(() => readCharsmap(table)).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
  });

  it('refuses a table whose texts do not end', () => {
    // The root leads to unit 1 ^ 'a' = 96, which has a value next to it that points to a text without an end.
    const units = new Uint32Array(128);
    units[0] = 1 << 10;
    units[96] = (1 << 10) | (1 << 8) | 0x61;
    units[97] = 0x8000_0000;
    const bytes = [...new Uint8Array(Uint32Array.of(units.byteLength).buffer), ...new Uint8Array(units.buffer), 0x62];
    expect(() => readCharsmap(btoa(String.fromCharCode(...bytes)))).toThrow(
      expect.objectContaining({ code: 'model-corrupt' }),
    );
  });
});
