import { expect, it } from 'vitest';
import { decodeInput, type MediaDecoders } from './decode-input.ts';

const bytes = new ArrayBuffer(3);
const encoded = { kind: 'encoded', bytes } as const;
const pixels = { kind: 'pixels' as const, width: 1, height: 1, data: new ArrayBuffer(4) };
const samples = { kind: 'samples' as const, rate: 8000, channels: [new ArrayBuffer(4)] };
const frames = { kind: 'frames' as const, frames: [pixels, pixels] };
const live = () => new AbortController().signal;

function setUp() {
  const seen: string[] = [];
  const saw = <T>(kind: string, result: T) => {
    seen.push(kind);
    return Promise.resolve(result);
  };
  const decoders: MediaDecoders = {
    picture: () => saw('picture', pixels),
    sound: () => saw('sound', samples),
    video: () => saw('video', frames),
  };
  return { decoders, seen };
}

it('takes bytes for what the task is about', async () => {
  const { decoders, seen } = setUp();
  expect(await decodeInput(decoders, 'image-classification', encoded, live())).toEqual(pixels);
  expect(await decodeInput(decoders, 'automatic-speech-recognition', encoded, live())).toEqual(samples);
  const labels = ['a', 'b'];
  expect(await decodeInput(decoders, 'zero-shot-audio-classification', { audio: encoded, labels }, live())).toEqual({
    audio: samples,
    labels,
  });
  expect(await decodeInput(decoders, 'zero-shot-video-classification', { video: encoded, labels }, live())).toEqual({
    video: frames,
    labels,
  });
  expect(seen).toEqual(['picture', 'sound', 'sound', 'video']);
});

it('finds pictures in conversations and in frames, and leaves everything else as it is', async () => {
  const { decoders, seen } = setUp();
  const say = (image: typeof encoded | typeof pixels) => [
    { role: 'system' as const, content: 'Be brief.' },
    {
      role: 'user' as const,
      content: [
        { type: 'image' as const, image },
        { type: 'text' as const, text: 'What?' },
      ],
    },
  ];
  expect(await decodeInput(decoders, 'image-text-to-text', say(encoded), live())).toEqual(say(pixels));
  const input = { video: { kind: 'frames' as const, frames: [encoded, pixels] }, labels: ['a'] };
  const { video } = await decodeInput(decoders, 'zero-shot-video-classification', input, live());
  expect(video).toEqual(frames);
  expect(seen).toEqual(['picture', 'picture']);
  expect(await decodeInput(decoders, 'text-classification', 'kind: encoded', live())).toBe('kind: encoded');
});

it('stops where it is when nobody waits any more', async () => {
  const { decoders, seen } = setUp();
  const gone = AbortSignal.abort(new Error('gone'));
  await expect(decodeInput(decoders, 'image-classification', encoded, gone)).rejects.toThrow('gone');
  expect(seen).toEqual([]);
});
