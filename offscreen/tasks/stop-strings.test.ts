import { describe, expect, it } from 'vitest';
import { createStopStrings } from './stop-strings.ts';

function feed(stops: string[], pieces: string[]) {
  const detector = createStopStrings(stops);
  const said: string[] = [];
  for (const piece of pieces) {
    const { text, stopped } = detector.push(piece);
    said.push(text);
    if (stopped) return { said, stopped };
  }
  return { said: [...said, detector.flush()], stopped: false };
}

describe('stop strings', () => {
  it('passes everything through without any', () => {
    expect(feed([], ['a', 'b'])).toEqual({ said: ['a', 'b', ''], stopped: false });
  });

  it('finds one that is split over pieces and says nothing of it', () => {
    expect(feed(['END'], ['the E', 'N', 'D here'])).toEqual({ said: ['the ', '', ''], stopped: true });
  });

  it('gives back what turned out not to be one', () => {
    expect(feed(['END'], ['the E', 'N', 'ough'])).toEqual({ said: ['the ', '', 'ENough', ''], stopped: false });
    expect(feed(['END'], ['the EN'])).toEqual({ said: ['the ', 'EN'], stopped: false });
  });

  it('holds back only the part that can still become one', () => {
    expect(feed(['aab'], ['aaa'])).toEqual({ said: ['a', 'aa'], stopped: false });
    expect(feed(['aab'], ['aaa', 'b'])).toEqual({ said: ['a', ''], stopped: true });
  });

  it('takes the earliest of several', () => {
    expect(feed(['two', 'one t'], ['one two'])).toEqual({ said: [''], stopped: true });
    expect(feed(['zz', '\n\n'], ['a\n', '\nzz'])).toEqual({ said: ['a', ''], stopped: true });
  });

  it('agrees with a search of the whole text for every way of cutting it', () => {
    const whole = 'abcabdabcabc';
    const stops = ['abcabc', 'cabd'];
    const expected = whole.slice(0, whole.indexOf('cabd'));
    for (let first = 0; first <= whole.length; first += 1) {
      for (let second = first; second <= whole.length; second += 1) {
        const pieces = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)];
        const { said, stopped } = feed(stops, pieces);
        expect([said.join(''), stopped]).toEqual([expected, true]);
      }
    }
  });
});
