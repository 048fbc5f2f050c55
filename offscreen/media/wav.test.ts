import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readWav as readReference } from '../../test/support/wav.ts';
import { readWav } from './wav.ts';

const le = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, at) => Math.floor(value / 2 ** (8 * at)) & 255);
const text = (value: string) => [...Buffer.from(value, 'latin1')];
const chunk = (name: string, content: readonly number[], claimed = content.length) => [
  ...text(name),
  ...le(claimed, 4),
  ...content,
  ...(content.length % 2 ? [0] : []),
];

interface Shape {
  readonly kind?: number;
  readonly channels?: number;
  readonly rate?: number;
  readonly bits?: number;
}

function format({ kind = 1, channels = 1, rate = 8000, bits = 16 }: Shape, tail: readonly number[] = []): number[] {
  const frame = (channels * bits) / 8;
  return chunk('fmt ', [
    ...le(kind, 2),
    ...le(channels, 2),
    ...le(rate, 4),
    ...le(rate * frame, 4),
    ...le(frame, 2),
    ...le(bits, 2),
    ...tail,
  ]);
}

const wav = (...chunks: (readonly number[])[]) =>
  new Uint8Array([...text('RIFF'), ...le(0, 4), ...text('WAVE'), ...chunks.flat()]).buffer;
const floats = (values: Float32Array | Float64Array) => [...new Uint8Array(values.buffer)];

function channels(file: ArrayBuffer): number[][] | undefined {
  return readWav(file)?.channels.map((channel) => [...new Float32Array(channel)]);
}

describe('readWav', () => {
  it.each([
    ['8 bits', { bits: 8 }, [0, 128, 255], [-1, 0, 127 / 128]],
    ['16 bits', { bits: 16 }, [0, 0x80, 0, 0, 0xff, 0x7f], [-1, 0, 32767 / 32768]],
    ['24 bits', { bits: 24 }, [0, 0, 0x80, 1, 0, 0, 0xff, 0xff, 0x7f], [-1, 2 ** -23, 8388607 / 8388608]],
    ['32 bits', { bits: 32 }, [0, 0, 0, 0x80, 0, 0, 0, 0x40], [-1, 0.5]],
    ['floats', { bits: 32, kind: 3 }, floats(new Float32Array([-0.25, 1])), [-0.25, 1]],
    ['doubles', { bits: 64, kind: 3 }, floats(new Float64Array([-0.25, 1])), [-0.25, 1]],
  ])('reads samples of %s', (_what, shape, data, samples) => {
    expect(channels(wav(format(shape), chunk('data', data)))).toEqual([samples]);
  });

  it('reads channels apart, at the rate of the file, behind chunks of odd lengths', () => {
    const file = wav(
      chunk('LIST', [1, 2, 3]),
      format({ channels: 2, rate: 44_100 }),
      chunk('data', [0, 0x40, 0, 0xc0]),
    );
    expect(readWav(file)?.rate).toBe(44_100);
    expect(channels(file)).toEqual([[0.5], [-0.5]]);
  });

  it('finds out what an extensible format really is', () => {
    const tail = [...le(22, 2), ...le(16, 2), ...le(4, 4), ...le(1, 2), ...Array(14).fill(0)];
    expect(channels(wav(format({ kind: 0xfffe }, tail), chunk('data', [0, 0x40])))).toEqual([[0.5]]);
  });

  it('reads what there is of a file that was cut off, and no half of a sample', () => {
    expect(channels(wav(format({}), [...text('data'), ...le(0xffff_ffff, 4), 0, 0x40, 1]))).toEqual([[0.5]]);
  });

  it.each(['chirp', 'bursts', 'stereo44k'])('reads %s.wav as the reference does', async (name) => {
    const file = `test/fixtures/models/whisper/inputs/${name}.wav`;
    const { buffer } = new Uint8Array(await readFile(file));
    const reference = await readReference(file);
    const read = readWav(buffer);
    expect(read?.rate).toBe(reference.rate);
    expect(read?.channels.map((channel) => new Float32Array(channel))).toEqual(reference.channels);
  });

  it.each([
    ['no samples', wav(format({}), chunk('data', [])), 'no samples'],
    ['no data', wav(format({})), 'no samples'],
    ['half a sample', wav(format({}), chunk('data', [1])), 'no samples'],
    ['no channels', wav(format({ channels: 0 }), chunk('data', [1, 2])), '0 channels'],
    ['too many channels', wav(format({ channels: 999 }), chunk('data', [1, 2])), '999 channels'],
    ['no rate', wav(format({ rate: 0 }), chunk('data', [1, 2])), '0 samples a second'],
  ])('refuses a file with %s', (_what, file, message) => {
    expect(() => readWav(file)).toThrow(
      expect.objectContaining({ code: 'invalid-request', message: expect.stringContaining(message) }),
    );
  });

  it('refuses more samples than are accepted before it makes room for them', () => {
    const bytes = new Uint8Array(70_000_000 + 60);
    bytes.set(new Uint8Array(wav(format({ bits: 8 }), chunk('data', [], 70_000_000))));
    expect(() => readWav(bytes.buffer)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });

  it.each([
    ['a text', new Uint8Array(text('Once upon a time')).buffer],
    ['nothing', new ArrayBuffer(0)],
    ['another compression', wav(format({ kind: 0x11, bits: 4 }), chunk('data', [1, 2]))],
    ['data before its format', wav(chunk('data', [1, 2]))],
  ])('leaves %s to others', (_what, file) => {
    expect(readWav(file)).toBeUndefined();
  });
});
