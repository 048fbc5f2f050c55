import { expect, it } from 'vitest';
import { precisionFor } from './precision.ts';

it('packs decoders on the graphics device, and on the processor from the size on where memory matters', () => {
  const decoder = (floatBytes: number) => ({ floatBytes, decodes: true });
  expect(precisionFor('jspi', decoder(1000))).toBe('q4');
  expect(precisionFor('asyncify', decoder(1000))).toBe('q4');
  expect(precisionFor('wasm', decoder(64 * 2 ** 20))).toBe('fp32');
  expect(precisionFor('wasm', decoder(64 * 2 ** 20 + 1))).toBe('q4');
});

it('packs what runs once a request only where it is large', () => {
  expect(precisionFor('jspi', { floatBytes: 2 ** 30, decodes: false })).toBe('fp32');
  expect(precisionFor('wasm', { floatBytes: 2 ** 30 + 1, decodes: false })).toBe('q8');
});
