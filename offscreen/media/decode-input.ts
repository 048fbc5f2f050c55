import type { Frames, Picture, Pixels, Samples, Sound, Video } from '../../src/protocol/tasks/media.ts';
import type { PerformedTask, TaskInput } from '../../src/protocol/tasks/tasks.ts';

/** `T` with every picture, sound and video decoded. */
export type Decoded<T> = [T] extends [Picture]
  ? Pixels
  : [T] extends [Sound]
    ? Samples
    : [T] extends [Video]
      ? Frames
      : DecodedParts<T>;

type DecodedParts<T> = T extends readonly (infer Item)[]
  ? Decoded<Item>[]
  : T extends object
    ? { [Key in keyof T]: Decoded<T[Key]> }
    : T;

/** An input as tasks get it: nothing in it has to be decoded any more. */
export type DecodedInput<T extends PerformedTask> = Decoded<TaskInput<T>>;

/** Turns files into pixels and samples. Each throws WebplatError `invalid-request` for what it cannot read. */
export interface MediaDecoders {
  picture(bytes: ArrayBuffer, signal: AbortSignal): Promise<Pixels>;
  sound(bytes: ArrayBuffer, signal: AbortSignal): Promise<Samples>;
  video(bytes: ArrayBuffer, signal: AbortSignal): Promise<Frames>;
}

/** What encoded bytes mean, by the task, where the input itself is media or has it in a field. */
const KINDS: Readonly<Partial<Record<PerformedTask, keyof MediaDecoders>>> = {
  'automatic-speech-recognition': 'sound',
  'audio-feature-extraction': 'sound',
  'zero-shot-audio-classification': 'sound',
  'zero-shot-video-classification': 'video',
};

/** Decodes whatever is encoded in the input of a task, one after the other, so that little is in memory at once. */
export async function decodeInput<T extends PerformedTask>(
  decoders: MediaDecoders,
  task: T,
  input: TaskInput<T>,
  signal: AbortSignal,
): Promise<DecodedInput<T>> {
  return (await decoded(input, decoders, KINDS[task] ?? 'picture', signal)) as DecodedInput<T>;
}

async function decoded(
  value: unknown,
  decoders: MediaDecoders,
  kind: keyof MediaDecoders,
  signal: AbortSignal,
): Promise<unknown> {
  if (typeof value !== 'object' || value === null || value instanceof ArrayBuffer) return value;
  signal.throwIfAborted();
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) items.push(await decoded(item, decoders, kind, signal));
    return items;
  }
  if (isEncoded(value)) return decoders[kind](value.bytes, signal);
  const result: Record<string, unknown> = {};
  // Frames of a video are pictures.
  const inside = 'kind' in value && value.kind === 'frames' ? 'picture' : kind;
  for (const [key, item] of Object.entries(value)) result[key] = await decoded(item, decoders, inside, signal);
  return result;
}

const isEncoded = (value: object): value is { readonly kind: 'encoded'; readonly bytes: ArrayBuffer } =>
  'kind' in value && value.kind === 'encoded';
