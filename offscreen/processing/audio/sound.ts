import { WebplatError } from '../../../src/protocol/errors.ts';
import { resample } from './resample.ts';

/** A recording: samples between -1 and 1 of each channel, all of one length, `rate` samples a second. */
export interface Sound {
  readonly channels: readonly Float32Array[];
  readonly rate: number;
}

/** What sound cards and files use lies between these rates, in Hz; so does what AudioContext may have. */
const [LOWEST_RATE, HIGHEST_RATE] = [3_000, 768_000];
const MOST_CHANNELS = 32;

/**
 * The samples that a model gets: the mean of the channels, at the model's rate.
 *
 * @throws WebplatError `invalid-request` when there are no samples, some are no numbers, channels differ in length, or the rate is
 * none that recordings have
 */
export function modelSamples(sound: Sound, rate: number): Float32Array<ArrayBuffer> {
  checkSound(sound);
  return resample(mixDown(sound.channels), sound.rate, rate);
}

/** The mean of all channels. */
export function mixDown(channels: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const mono = new Float32Array(channels[0]?.length ?? 0);
  for (let at = 0; at < mono.length; at += 1) {
    let sum = 0;
    for (const channel of channels) sum += channel[at] ?? 0;
    mono[at] = sum / channels.length;
  }
  return mono;
}

function checkSound({ channels, rate }: Sound): void {
  if (!Number.isInteger(rate) || rate < LOWEST_RATE || rate > HIGHEST_RATE) {
    throw refused(`The rate has to be a whole number of Hz from ${LOWEST_RATE} to ${HIGHEST_RATE}.`);
  }
  const length = channels[0]?.length ?? 0;
  if (length === 0) throw refused('The recording has no samples.');
  if (channels.length > MOST_CHANNELS) throw refused(`There may be ${MOST_CHANNELS} channels at most.`);
  if (channels.some((channel) => channel.length !== length)) throw refused('All channels have to be of one length.');
  if (!channels.every((channel) => channel.every(Number.isFinite))) {
    throw refused('Samples have to be numbers, neither NaN nor infinite.');
  }
}

const refused = (detail: string) => new WebplatError('invalid-request', detail, { field: 'input' });
