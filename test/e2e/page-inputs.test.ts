import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeRelay, send, startFakeRelay } from '../support/fake-relay.ts';

const ALPHA = 'test/fixtures/models/clip/inputs/alpha.png';

describe('inputs of infer', () => {
  let relay: FakeRelay;
  let page: Page;
  beforeAll(async () => {
    relay = await startFakeRelay();
    relay.sites.add('inputs', '/alpha.png', { body: await readFile(ALPHA), type: 'image/png' });
    relay.sites.add('other', '/alpha.png', { body: await readFile(ALPHA), type: 'image/png' });
  });
  afterAll(() => relay?.close());
  beforeEach(async () => {
    await page?.close();
    page = await relay.open('inputs');
  });

  const image = (value: string) => `{ task: 'image-classification', input: ${value} }`;
  const sound = (value: string) => `{ task: 'automatic-speech-recognition', input: ${value} }`;
  const RED = [255, 0, 0, 255];
  const PAINT = `context.fillStyle = '#f00'; context.fillRect(0, 0, 2, 1);`;

  it.each([
    ['a Blob', `new Blob([new Uint8Array([1, 2, 3])])`, [1, 2, 3]],
    ['a File', `new File([new Uint8Array([4])], 'x.png')`, [4]],
    ['a data: URL', `'data:image/png;base64,AQID'`, [1, 2, 3]],
    ['a blob: URL that is revoked at once', 'url', [1, 2, 3]],
  ])('sends the bytes of %s', async (_what, value, bytes) => {
    const before = `const url = URL.createObjectURL(new Blob([new Uint8Array([1, 2, 3])]));
      queueMicrotask(() => URL.revokeObjectURL(url));`;
    expect(await send(page, image(value), before)).toMatchObject({ input: { kind: 'encoded', bytes } });
  });

  it('fetches a URL of the same origin itself', async () => {
    const { input } = await send(page, image(`'alpha.png'`));
    expect(input).toEqual({ kind: 'encoded', bytes: [...(await readFile(ALPHA))] });
  });

  it.each([
    ['ImageData', 'new ImageData(new Uint8ClampedArray([255, 0, 0, 255, 255, 0, 0, 255]), 2, 1)', ''],
    [
      'a canvas',
      'canvas',
      `const canvas = document.createElement('canvas'); canvas.width = 2; canvas.height = 1; const context = canvas.getContext('2d'); ${PAINT}`,
    ],
    [
      'an OffscreenCanvas',
      'canvas',
      `const canvas = new OffscreenCanvas(2, 1); const context = canvas.getContext('2d'); ${PAINT}`,
    ],
    [
      'an ImageBitmap',
      'canvas.transferToImageBitmap()',
      `const canvas = new OffscreenCanvas(2, 1); const context = canvas.getContext('2d'); ${PAINT}`,
    ],
    [
      'an image',
      'img',
      `const canvas = document.createElement('canvas'); canvas.width = 2; canvas.height = 1; const context = canvas.getContext('2d'); ${PAINT}
       const img = new Image(); img.src = canvas.toDataURL(); await img.decode();`,
    ],
    [
      'a VideoFrame',
      'frame',
      `const data = new Uint8Array([255, 0, 0, 255, 255, 0, 0, 255]);
       const frame = new VideoFrame(data, { format: 'RGBA', codedWidth: 2, codedHeight: 1, timestamp: 0 });`,
    ],
  ])('sends the pixels of %s', async (_what, value, before) => {
    const { input } = await send(page, image(value), before);
    expect(input).toEqual({ kind: 'pixels', width: 2, height: 1, data: [...RED, ...RED] });
  });

  it('keeps colours under transparency where it is given pixels, and the arrays with their owner', async () => {
    const before = 'const mine = new ImageData(new Uint8ClampedArray([9, 8, 7, 0]), 1, 1);';
    expect(await send(page, image('mine'), before)).toMatchObject({ input: { data: [9, 8, 7, 0] } });
    const large = `const given = new Float32Array(100_000); window.given = given;`;
    await send(page, sound('{ samples: given, rate: 16000 }'), large);
    expect(await page.evaluate('given.length')).toBe(100_000);
  });

  it('copies at once: what the caller changes afterwards does not count', async () => {
    const before = `const mine = new Float32Array([1]); queueMicrotask(() => mine.fill(0));`;
    expect(await send(page, sound('{ samples: mine, rate: 8000 }'), before)).toEqual({
      input: { kind: 'samples', rate: 8000, channels: [[0, 0, 128, 63]] },
    });
  });

  it.each([
    [
      'an AudioBuffer',
      'buffer',
      `const buffer = new AudioBuffer({ numberOfChannels: 2, length: 1, sampleRate: 8000 });
       buffer.getChannelData(1)[0] = 1;`,
    ],
    ['channels', '{ samples: [new Float32Array([0]), new Float32Array([1])], rate: 8000 }', ''],
    [
      'shared memory',
      '{ samples: [new Float32Array(1), shared], rate: 8000 }',
      `const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
       const shared = new Float32Array(buffer, 4, 1); shared[0] = 1;`,
    ],
  ])('sends the samples of %s', async (_what, value, before) => {
    const channels = [
      [0, 0, 0, 0],
      [0, 0, 128, 63],
    ];
    expect(await send(page, sound(value), before)).toEqual({ input: { kind: 'samples', rate: 8000, channels } });
  });

  it('takes frames, labels, pairs, lists and conversations', async () => {
    const frames = `[new Blob(['a']), new ImageData(1, 1)]`;
    const video = `{ task: 'zero-shot-video-classification', input: { video: ${frames}, labels: ['x'] } }`;
    expect(await send(page, video)).toMatchObject({
      input: { video: { kind: 'frames', frames: [{ bytes: [97] }, { width: 1 }] }, labels: ['x'] },
    });
    const pair = `{ task: 'text-classification', input: { text: 'a', pair: '' }, options: { topK: 2 } }`;
    expect(await send(page, pair)).toMatchObject({ input: { text: 'a', pair: '' }, options: { topK: 2 } });
    const texts = `{ task: 'feature-extraction', input: ['a', 'b'], options: { pooling: 'cls', normalize: true } }`;
    expect(await send(page, texts)).toMatchObject({ input: ['a', 'b'], options: { pooling: 'cls', normalize: true } });
    const talk = `{ task: 'image-text-to-text', input: [{ role: 'user', content: [
      { type: 'image', image: new Blob(['b']) }, { type: 'text', text: 'What?' }] }, { role: 'assistant', content: 'A' }] }`;
    expect(await send(page, talk)).toMatchObject({
      input: [
        { content: [{ type: 'image', image: { kind: 'encoded', bytes: [98] } }, { text: 'What?' }] },
        { content: 'A' },
      ],
    });
  });

  it('gives outputs that nobody can change, tensors as typed arrays', async () => {
    const seen = await page.evaluate(`(async () => {
      const data = new Float32Array([1, 2]).buffer;
      const execution = { backend: 'ECHO', totalMs: 1 };
      relay.answer = { task: 'feature-extraction', output: { dtype: 'float32', dims: [1, 2], data }, execution };
      const { output } = await webplat.infer({ model: 'a:b', task: 'feature-extraction', input: 'a' });
      relay.answer = { task: 'text-classification', output: [{ label: 'a', score: 1 }], execution };
      const result = await webplat.infer({ model: 'a:b', task: 'text-classification', input: 'a' });
      const parts = [result, result.output, result.output[0], result.execution, output, output.dims];
      return { frozen: parts.every(Object.isFrozen), array: output.data.constructor.name, values: [...output.data], keys: Object.keys(result) };
    })()`);
    expect(seen).toEqual({ frozen: true, array: 'Float32Array', values: [1, 2], keys: ['output', 'execution'] });
  });
});
