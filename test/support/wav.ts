import { readFile } from 'node:fs/promises';
import type { Sound } from '../../offscreen/processing/audio/sound.ts';

/** A WAV file of 16-bit samples as the reference models were given it: divided by 32768, channel by channel. */
export async function readWav(file: string): Promise<Sound> {
  const bytes = await readFile(file);
  const chunks = new Map<string, Buffer>();
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32LE(at + 4);
    chunks.set(bytes.toString('latin1', at, at + 4), bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size + (size % 2);
  }
  const [format, data] = [chunks.get('fmt '), chunks.get('data')];
  if (!format || !data || format.readUInt16LE(0) !== 1 || format.readUInt16LE(14) !== 16) {
    throw new Error(`${file} is no WAV file of 16-bit samples.`);
  }
  const count = format.readUInt16LE(2);
  const channels = Array.from({ length: count }, (_, channel) =>
    Float32Array.from(
      { length: data.length / 2 / count },
      (_, at) => data.readInt16LE(2 * (at * count + channel)) / 32768,
    ),
  );
  return { channels, rate: format.readUInt32LE(4) };
}
