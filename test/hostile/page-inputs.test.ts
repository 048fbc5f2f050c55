import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeRelay, send, startFakeRelay } from '../support/fake-relay.ts';

const ALPHA = 'test/fixtures/models/clip/inputs/alpha.png';

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
