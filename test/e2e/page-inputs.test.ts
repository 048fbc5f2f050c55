import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeRelay, startFakeRelay } from '../support/fake-relay.ts';

/** What arrived, with buffers as lists of bytes. */
interface Arrived {
  readonly code?: string;
  readonly field?: string;
  readonly message?: string;
  readonly input?: unknown;
  readonly options?: unknown;
}

const ALPHA = 'test/fixtures/models/clip/inputs/alpha.png';

/** Runs `webplat.infer` in the document, of the source text of a request, and tells what the other side was sent. */
function send(page: Page, request: string, before = ''): Promise<Arrived> {
  return page.evaluate(`(async () => {
    const plain = (value) =>
      value instanceof ArrayBuffer ? [...new Uint8Array(value)]
      : Array.isArray(value) ? value.map(plain)
      : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
      : value;
    relay.calls.length = 0;
    relay.answer = { task: 'x', output: [], execution: { backend: 'ECHO', totalMs: 1 } };
    ${before}
    try {
      await webplat.infer({ model: 'a:b', ...(${request}) });
    } catch ({ code, message, data }) {
      return { code, message, field: data?.field };
    }
    const [{ params }] = relay.calls;
    return { input: plain(params.input), options: plain(params.options) };
  })()`) as Promise<Arrived>;
}

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

describe('wrong inputs of infer', () => {
  let relay: FakeRelay;
  let page: Page;
  beforeAll(async () => {
    relay = await startFakeRelay();
    relay.sites.add('other', '/alpha.png', { body: await readFile(ALPHA), type: 'image/png' });
    page = await relay.open('wrong');
  });
  afterAll(() => relay?.close());

  it.each([
    ['an image that is not loaded', 'image-classification', 'new Image()', 'has no pixels'],
    ['an empty Blob', 'image-classification', 'new Blob([])', 'is empty'],
    ['bytes without a Blob', 'image-classification', 'new Uint8Array(4)', 'must be an image'],
    ['nothing', 'image-classification', 'undefined', 'must be an image'],
    ['a URL that is none', 'image-classification', `'http://'`, 'must be a URL'],
    ['a URL of another origin', 'image-classification', `'https://other.example/x.png'`, 'of the same origin'],
    ['a URL of a script', 'image-classification', `'javascript:alert(1)'`, 'of the same origin'],
    ['a file that is not there', 'image-classification', `'missing.png'`, 'status 404'],
    [
      'a revoked URL',
      'image-classification',
      `(() => { const u = URL.createObjectURL(new Blob(['a'])); URL.revokeObjectURL(u); return u; })()`,
      'could not be read',
    ],
    [
      'an image of another origin',
      'image-classification',
      `await (async () => { const i = new Image(); i.src = OTHER; await i.decode(); return i; })()`,
      'of another origin',
    ],
    [
      'pixels that were moved away',
      'image-classification',
      `(() => { const d = new ImageData(1, 1); structuredClone(0, { transfer: [d.data.buffer] }); return d; })()`,
      'not moved away',
    ],
    [
      'a canvas beyond all limits',
      'image-classification',
      `Object.assign(document.createElement('canvas'), { width: 60000, height: 60000 })`,
      'is 60000 x 60000',
    ],
    ['no samples', 'automatic-speech-recognition', '{ samples: new Float32Array(0), rate: 8000 }', 'has no samples'],
    [
      'samples that were moved away',
      'automatic-speech-recognition',
      `(() => { const s = new Float32Array(4); structuredClone(0, { transfer: [s.buffer] }); return { samples: s, rate: 8000 }; })()`,
      'has no samples',
    ],
    [
      'doubles',
      'automatic-speech-recognition',
      '{ samples: [new Float64Array(1)], rate: 8000 }',
      'must be a Float32Array',
    ],
    [
      'channels that differ',
      'audio-feature-extraction',
      '{ samples: [new Float32Array(1), new Float32Array(2)], rate: 8000 }',
      'one length',
    ],
    ['an endless rate', 'automatic-speech-recognition', '{ samples: new Float32Array(1), rate: Infinity }', 'a number'],
    [
      'a getter that throws',
      'automatic-speech-recognition',
      `{ get samples() { throw new Error('mine'); }, rate: 1 }`,
      'could not be read',
    ],
    [
      'a proxy of an image',
      'image-classification',
      'new Proxy(new ImageData(1, 1), { get() { throw 1; } })',
      'must be an image',
    ],
    ['a revoked proxy', 'zero-shot-image-classification', 'gone', 'could not be read'],
    ['labels that are none', 'zero-shot-image-classification', `{ image: new Blob(['a']), labels: [''] }`, 'empty'],
    ['no labels', 'zero-shot-audio-classification', `{ audio: new Blob(['a']) }`, 'must be an array'],
    [
      'a video that is a text',
      'zero-shot-video-classification',
      `{ video: { length: 1 }, labels: ['a'] }`,
      'must be a video',
    ],
    [
      'too many frames',
      'zero-shot-video-classification',
      `{ video: Array(65).fill('data:,'), labels: ['a'] }`,
      'more than 64',
    ],
    [
      'too many pictures',
      'image-text-to-text',
      `[{ role: 'user', content: Array(17).fill({ type: 'image', image: new Blob(['a']) }) }]`,
      'more than 16',
    ],
    [
      'a part of two kinds',
      'image-text-to-text',
      `[{ role: 'user', content: [{ type: 'text', text: 'a', image: 'b' }] }]`,
      'does not belong',
    ],
    ['a task that is none', 'tensors', `'a'`, 'must be one of'],
  ])('refuses %s', async (_what, task, value, message) => {
    const before = `const OTHER = '${relay.sites.origin('other')}/alpha.png';
      const { proxy: gone, revoke } = Proxy.revocable({}, {}); revoke();`;
    const answer = await send(page, `{ task: '${task}', input: ${value} }`, before);
    expect(answer).toMatchObject({ code: 'invalid-request', message: expect.stringContaining(message) });
    expect(answer.field).toMatch(/^infer: (input|task)/);
  });

  it('streams text generation only', async () => {
    const code = await page.evaluate(`(() => {
      try { webplat.stream({ model: 'a:b', task: 'text-classification', input: 'a' }); } catch (error) { return error.code; }
    })()`);
    expect(code).toBe('invalid-request');
  });

  it('stops reading when its signal does', async () => {
    const reason = await page.evaluate(`(async () => {
      const stop = new AbortController();
      const call = webplat.infer({ model: 'a:b', task: 'image-classification', input: new Blob([new Uint8Array(1e7)]), signal: stop.signal });
      queueMicrotask(() => stop.abort('enough'));
      relay.calls.length = 0;
      return call.catch((error) => error + ' ' + relay.calls.length);
    })()`);
    expect(reason).toBe('enough 0');
  });

  it('works with built-ins of its own when the site replaced them', async () => {
    const seen = await page.evaluate(`(async () => {
      const leaked = [];
      const undo = [];
      const replace = (object, key) => {
        const was = Object.getOwnPropertyDescriptor(object, key);
        undo[undo.length] = (() => (was ? Object.defineProperty(object, key, was) : delete object[key]));
        const spy = function () { leaked[leaked.length] = key; throw new Error('replaced'); };
        Object.defineProperty(object, key, was && 'value' in was ? { ...was, value: spy } : { get: spy, set: spy, configurable: true });
      };
      const canvas = new OffscreenCanvas(2, 2);
      canvas.getContext('2d').fillRect(0, 0, 2, 2);
      const blob = new Blob(['abc']);
      const pixels = new ImageData(1, 1);
      const buffer = new AudioBuffer({ numberOfChannels: 1, length: 2, sampleRate: 8000 });
      const targets = [];
      for (const [type, keys] of [
        [Blob, ['size', 'arrayBuffer', 'slice', 'stream']], [FileReader, ['readAsArrayBuffer', 'result']],
        [XMLHttpRequest, ['open', 'send', 'response', 'status', 'responseType']], [URL, ['href', 'origin', 'protocol']],
        [OffscreenCanvas, ['getContext', 'width', 'height']], [OffscreenCanvasRenderingContext2D, ['drawImage', 'getImageData']],
        [ImageData, ['data', 'width', 'height']], [AudioBuffer, ['getChannelData', 'length', 'numberOfChannels', 'sampleRate']],
        [Object.getPrototypeOf(Uint8Array), ['buffer', 'byteLength', 'length', 'set', 'slice']], [MessagePort, ['postMessage']],
        [EventTarget, ['addEventListener']], [Array, ['push', 'map', Symbol.iterator]],
      ]) for (const key of keys) targets.push([type.prototype, key]);
      for (const name of ['FileReader', 'XMLHttpRequest', 'URL', 'OffscreenCanvas', 'Blob', 'fetch']) targets.push([window, name]);
      for (const key of ['kind', 'bytes', 'transfer', 'task', 'then']) targets.push([Object.prototype, key]);
      const outcomes = [];
      relay.answer = { task: 'x', output: [], execution: { backend: 'ECHO', totalMs: 1 } };
      const note = (outcome) => { outcomes[outcomes.length] = outcome; };
      const started = [
        ['image-classification', blob], ['image-classification', 'data:,abc'], ['image-classification', canvas],
        ['image-classification', pixels], ['automatic-speech-recognition', buffer],
      ];
      for (let at = 0; at < targets.length; at += 1) replace(targets[at][0], targets[at][1]);
      try {
        for (let at = 0; at < started.length; at += 1) {
          const task = started[at][0];
          const input = started[at][1];
          try { await webplat.infer({ __proto__: null, model: 'a:b', task, input }); note('ok'); } catch (error) { note(error.message); }
        }
      } finally {
        while (undo.length > 0) undo.pop()();
      }
      return { outcomes, leaked: leaked.map(String) };
    })()`);
    expect(seen).toEqual({ outcomes: Array(5).fill('ok'), leaked: [] });
  });
});
