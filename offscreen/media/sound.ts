import type { Samples } from '../../src/protocol/tasks/media.ts';
import { mixDown } from '../processing/audio/sound.ts';
import { withMedia } from './media-element.ts';
import { unreadable } from './unreadable.ts';
import { checkSoundBytes, readWav } from './wav.ts';

/** What files are recorded at, so that no model loses anything by it. */
const FULL_RATE = 48_000;
/** What speech is recognized at: longer files are speech, or more than a model listens to. */
const SPEECH_RATE = 16_000;

/** How long a file may be, in seconds, to be decoded at the full rate: 256 MiB of two channels. */
const FULL_SECONDS = 650;
/** How long one may be at all. The browser decodes all of it at its own rate, which takes nearly 1 GiB then. */
const MOST_SECONDS = 2400;

const FAILURE = 'The sound cannot be decoded in this browser. Send a WAV file, or { samples, rate }.';

/**
 * Decodes a sound file. A WAV file keeps its samples exactly and its own rate. Others are decoded by the browser: to 48 kHz, all channels,
 * up to nearly 11 minutes, and to 16 kHz, one channel, up to 40.
 *
 * @throws WebplatError `invalid-request` for what is no sound, is damaged, has no samples, or is too long
 */
export async function decodeSound(bytes: ArrayBuffer, signal: AbortSignal): Promise<Samples> {
  const samples = readWav(bytes);
  if (samples) return samples;
  const seconds = await withMedia('audio', bytes, FAILURE, signal, async (_element, length) => length);
  const rate = rateFor(seconds);
  // Decoding takes the buffer away.
  const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes).catch(() => {
    throw unreadable(FAILURE);
  });
  signal.throwIfAborted();
  if (decoded.length === 0) throw unreadable(FAILURE);
  return rate === FULL_RATE ? allChannels(decoded) : oneChannel(decoded);
}

/**
 * The rate, in Hz, that a file of this length is decoded at.
 *
 * @throws WebplatError `invalid-request` for a length that is not decoded at all
 */
export function rateFor(seconds: number): number {
  if (seconds <= FULL_SECONDS) return FULL_RATE;
  if (seconds <= MOST_SECONDS) return SPEECH_RATE;
  throw unreadable(`The sound is ${Math.ceil(seconds)} seconds long, more than ${MOST_SECONDS}. Send parts of it.`);
}

function allChannels(sound: AudioBuffer): Samples {
  const { numberOfChannels: count, length, sampleRate: rate } = sound;
  checkSoundBytes(count * length * Float32Array.BYTES_PER_ELEMENT);
  const channels = Array.from({ length: count }, (_, channel) => sound.getChannelData(channel).slice().buffer);
  return { kind: 'samples', rate, channels };
}

function oneChannel(sound: AudioBuffer): Samples {
  const { numberOfChannels: count, length, sampleRate: rate } = sound;
  checkSoundBytes(length * Float32Array.BYTES_PER_ELEMENT);
  const channels = Array.from({ length: count }, (_, channel) => sound.getChannelData(channel));
  return { kind: 'samples', rate, channels: [mixDown(channels).buffer] };
}
