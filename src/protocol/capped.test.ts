import * as v from 'valibot';
import { expect, it } from 'vitest';
import { capped } from './capped.ts';

it('looks at no item of a list that is too long', () => {
  let looked = 0;
  const item = v.pipe(
    v.number(),
    v.check(() => {
      looked += 1;
      return true;
    }),
  );
  const schema = capped(item, 1, 3);
  expect(v.is(schema, [1, 2, 3])).toBe(true);
  expect(looked).toBe(3);
  for (const wrong of [[], [1, 2, 3, 4], Array.from({ length: 1_000_000 }, () => 1), 'abc', { length: 2 }, null])
    expect(v.is(schema, wrong)).toBe(false);
  expect(looked).toBe(3);
  expect(v.is(schema, ['1'])).toBe(false);
});
