import { expect, it } from 'vitest';
import { LIMITS } from '../../src/protocol/limits.ts';
import { decodeSound, rateFor } from './sound.ts';

it('decodes at a rate at which the samples are few enough', () => {
  expect(rateFor(10)).toBe(48_000);
  expect(rateFor(650) * 650 * 2 * 4).toBeLessThanOrEqual(LIMITS.soundBytes);
  expect(rateFor(651)).toBe(16_000);
  expect(rateFor(2400) * 2400 * 4).toBeLessThanOrEqual(LIMITS.soundBytes);
});

it('refuses an hour of compressed sound, and says what to do', () => {
  expect(() => rateFor(3600)).toThrow(
    expect.objectContaining({ code: 'invalid-request', message: expect.stringContaining('Send parts of it.') }),
  );
});

it('takes an hour of WAV, which is read sample by sample', async () => {
  const samples = 3600 * 8000;
  const file = new Uint8Array(44 + samples);
  file.set(Buffer.from('524946460000000057415645666d74201000000001000100401f0000401f00000100080064617461', 'hex'));
  new DataView(file.buffer).setUint32(40, samples, true);
  const { rate, channels } = await decodeSound(file.buffer, new AbortController().signal);
  expect(rate).toBe(8000);
  expect(channels.map(({ byteLength }) => byteLength)).toEqual([samples * 4]);
});
