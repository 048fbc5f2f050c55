import { expect, it } from 'vitest';
import { quoteText } from './quote.ts';

it('keeps ordinary words in any script', () => {
  expect(quoteText('Grüße, 世界, مرحبا 👋')).toBe('Grüße, 世界, مرحبا 👋');
});

it('removes what steers drawing without being seen', () => {
  expect(quoteText('a\u202eb\u2066c\u200bd\u0000e\u{e0041}f')).toBe('abcdef');
});

it('keeps the words on one line', () => {
  expect(quoteText('  Allow\n\n\n\n webplat says:\r\tyes ')).toBe('Allow webplat says: yes');
});

it('cuts towers of combining marks', () => {
  expect(quoteText(`x${'\u0301'.repeat(50)}y`)).toBe(`x${'\u0301'.repeat(3)}y`);
});
