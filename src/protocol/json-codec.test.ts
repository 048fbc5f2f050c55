import { describe, expect, it } from 'vitest';
import { decodeJson, encodeJson } from './json-codec.ts';
import { LIMITS } from './limits.ts';

describe('the JSON codec', () => {
  it.each([
    null,
    7,
    'text',
    [1, [2, { a: null }]],
    { $: 'no buffer' },
    { $: { $: [] }, other: 1 },
    { $: null, of: [['$', 1]] },
    { kind: 'call', id: 1, params: { of: 'x' } },
  ])('brings %j back', (message) => {
    expect(decodeJson(encodeJson(message))).toEqual(message);
  });

  it.each([0, 1, 2, 3, 24_575, 24_576, 24_577, 100_000])('brings a buffer of %i bytes back', (bytes) => {
    const data = Uint8Array.from({ length: bytes }, (_, index) => (index * 31) % 256).buffer;
    const back = decodeJson(encodeJson({ params: { inputs: { x: { data } } } })) as {
      params: { inputs: { x: { data: ArrayBuffer } } };
    };
    expect(back.params.inputs.x.data).toBeInstanceOf(ArrayBuffer);
    expect(new Uint8Array(back.params.inputs.x.data)).toEqual(new Uint8Array(data));
  });

  it('keeps a key __proto__ a key', () => {
    const back = decodeJson('{"__proto__":{"polluted":true}}') as object;
    expect(Object.hasOwn(back, '__proto__')).toBe(true);
    expect((back as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('refuses by size before parsing, and what is damaged', () => {
    const huge = 'x'.repeat(LIMITS.jsonChars + 1);
    expect(() => decodeJson(huge)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
    expect(() => encodeJson(huge)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
    for (const text of [7, '', '{', '{"$":"%"}', '{"$":null,"of":7}', `${'['.repeat(100)}${']'.repeat(100)}`]) {
      expect(() => decodeJson(text)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
    }
  });
});
