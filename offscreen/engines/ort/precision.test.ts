import { expect, it } from 'vitest';
import { precisionFor } from './precision.ts';

const model = (bytes: number) => ({
  files: [
    { path: 'model.safetensors', bytes, sha256: '', url: '' },
    { path: 'tokenizer.json', bytes: 2 ** 30, sha256: '', url: '' },
  ],
});

it('packs weights on the graphics device, and on the processor from the size on where memory matters', () => {
  expect(precisionFor('jspi', model(1000))).toBe('q4');
  expect(precisionFor('asyncify', model(1000))).toBe('q4');
  expect(precisionFor('wasm', model(32 * 2 ** 20))).toBe('fp32');
  expect(precisionFor('wasm', model(32 * 2 ** 20 + 1))).toBe('q4');
});
