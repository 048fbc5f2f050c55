import { LIMITS } from '../../src/protocol/limits.ts';
import type { Samples } from '../../src/protocol/tasks/media.ts';
import { type ByteReader, byteReader } from './byte-reader.ts';
import { unreadable } from './unreadable.ts';

const PCM = 1;
const FLOAT = 3;
/** WAVE_FORMAT_EXTENSIBLE: what it really is stands in the first bytes of its sub-format. */
const EXTENSIBLE = 0xfffe;

interface Format {
  readonly kind: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

/** Reads the sample that begins at a byte, as a number between -1 and 1. */
type SampleReader = (view: DataView, at: number) => number;

const READERS: Readonly<Record<string, SampleReader>> = {
  [`${PCM}/8`]: (view, at) => (view.getUint8(at) - 128) / 2 ** 7,
  [`${PCM}/16`]: (view, at) => view.getInt16(at, true) / 2 ** 15,
  [`${PCM}/24`]: (view, at) => (view.getInt16(at + 1, true) * 2 ** 8 + view.getUint8(at)) / 2 ** 23,
  [`${PCM}/32`]: (view, at) => view.getInt32(at, true) / 2 ** 31,
  [`${FLOAT}/32`]: (view, at) => view.getFloat32(at, true),
  [`${FLOAT}/64`]: (view, at) => view.getFloat64(at, true),
};

/**
 * Reads a WAV file (RIFF, "Multimedia Programming Interface and Data Specifications 1.0") of PCM samples of 8, 16, 24 or 32 bits or
 * of floats, at its own rate. 16-bit samples are divided by 32768, as the libraries do that models are trained with. Undefined for a
 * file of another kind, which a browser may be able to read.
 *
 * @throws WebplatError `invalid-request` where the file is a WAV file with no samples, or too many
 */
export function readWav(bytes: ArrayBuffer): Samples | undefined {
  const file = byteReader(bytes);
  if (file.text(0, 4) !== 'RIFF' || file.text(8, 4) !== 'WAVE') return undefined;
  let format: Format | undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.text(at, 4);
    const claimed = file.u32le(at + 4);
    if (name === 'fmt ') format = readFormat(file, at + 8);
    if (name === 'data') {
      // Recorders that were cut off, and streams, claim more than there is.
      const length = Math.min(claimed, file.length - at - 8);
      return format && readSamples(new DataView(bytes, at + 8, length), format);
    }
    at += 8 + claimed + (claimed % 2);
  }
  throw unreadable('The WAV file has no samples. Send one that was recorded to its end.');
}

function readFormat(file: ByteReader, at: number): Format {
  const tag = file.u16le(at);
  return {
    kind: tag === EXTENSIBLE ? file.u16le(at + 24) : tag,
    channels: file.u16le(at + 2),
    rate: file.u32le(at + 4),
    bits: file.u16le(at + 14),
  };
}

function readSamples(view: DataView, { kind, channels: count, rate, bits }: Format): Samples | undefined {
  const read = READERS[`${kind}/${bits}`];
  if (!read) return undefined;
  if (count < 1 || count > LIMITS.soundChannels) {
    throw unreadable(`The WAV file has ${count} channels; from 1 to ${LIMITS.soundChannels} are accepted.`);
  }
  if (rate < 1 || rate > LIMITS.soundRate) throw unreadable(`The WAV file claims ${rate} samples a second.`);
  const step = bits / 8;
  const length = Math.floor(view.byteLength / step / count);
  if (length === 0) throw unreadable('The WAV file has no samples. Send one that was recorded to its end.');
  checkSoundBytes(length * count * Float32Array.BYTES_PER_ELEMENT);
  const channels = Array.from({ length: count }, (_, channel) => {
    const samples = new Float32Array(length);
    for (let i = 0; i < length; i += 1) samples[i] = read(view, (i * count + channel) * step);
    return samples.buffer;
  });
  return { kind: 'samples', rate, channels };
}

/** @throws WebplatError `invalid-request` when a decoded sound would be larger than one is accepted */
export function checkSoundBytes(bytes: number): void {
  if (bytes <= LIMITS.soundBytes) return;
  throw unreadable(
    `The sound has ${Math.ceil(bytes)} bytes of samples, more than ${LIMITS.soundBytes}. Send parts of it.`,
  );
}
