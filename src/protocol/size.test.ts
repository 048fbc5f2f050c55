import { expect, it } from 'vitest';
import { LIMITS } from './limits.ts';
import { assertBounded } from './size.ts';

const refused = expect.objectContaining({ code: 'invalid-request' });

it('counts the bytes of all buffers of a message', () => {
  // One buffer counts as often as it is there.
  const half = new ArrayBuffer(LIMITS.inputBytes / 2);
  expect(() => assertBounded({ a: half, b: [{ c: half }] })).not.toThrow();
  expect(() => assertBounded({ a: half, b: [{ c: half }, new Uint8Array(1)] })).toThrow(refused);
});

it('stops at messages with too many parts, and at those that are too deep', () => {
  expect(() => assertBounded(Array(LIMITS.messageNodes).fill(0))).toThrow(refused);
  let deep: unknown = 0;
  for (let level = 0; level < LIMITS.messageDepth + 2; level += 1) deep = { deep };
  expect(() => assertBounded(deep)).toThrow(refused);
});
