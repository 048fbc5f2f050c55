import { describe, expect, it } from 'vitest';
import { allow, echoOf, infer } from '../support/page-client.ts';
import { html } from '../support/sites.ts';
import { useExtension } from '../support/suite.ts';

/** What a hostile page can try with nothing but the web platform. */
describe('a hostile page', () => {
  const suite = useExtension();

  it('learns nothing of the extension by probing its addresses', async () => {
    const page = await suite.visit('probing');
    suite.browser.logs.expectError(/Denying load|ERR_FAILED|ERR_BLOCKED_BY_CLIENT|Failed to load resource|CORS/);
    const files = [
      'manifest.json',
      'content/bridge.html',
      'src/ui/prompt/index.html',
      'offscreen/index.html',
      'icons/icon-16.png',
    ];
    const seen = await page.evaluate(
      (urls) =>
        Promise.all(
          urls.map((url) =>
            fetch(url).then(
              () => url,
              () => undefined,
            ),
          ),
        ),
      files.map((file) => suite.browser.url(file)),
    );
    expect(seen.filter((url) => url !== undefined)).toEqual([]);
  });

  it('finds neither id nor address of the extension in what it can reach', async () => {
    const page = await suite.visit('reading');
    const text = await page.evaluate(async () => {
      const parts: string[] = [];
      const { webplat } = window;
      for (const object of [webplat, webplat?.permissions, webplat?.models]) {
        for (const key of Reflect.ownKeys(object ?? {}))
          parts.push(String(key), String(Reflect.get(object ?? {}, key)));
      }
      const call = webplat?.infer({ model: 'packaged:echo', task: 'text-generation', input: '' });
      await call?.catch((error: Error) => parts.push(error.message, JSON.stringify(error)));
      parts.push(document.documentElement.outerHTML);
      return parts.join('\n');
    });
    expect(text).not.toContain(suite.browser.extensionId);
    expect(text).not.toContain('chrome-extension:');
  });

  it('cannot use extension pages as frames', async () => {
    suite.browser.logs.expectError(/Denying load|ERR_BLOCKED_BY_CLIENT|Failed to load resource|refused|blocked/i);
    const frames = [
      'src/ui/prompt/index.html',
      'src/ui/manager/index.html',
      'src/ui/popup/index.html',
      'content/bridge.html',
    ];
    const body = frames.map((file) => `<iframe src="${suite.browser.url(file)}"></iframe>`).join('');
    suite.sites.add('framing', '/', { body: html({ body }) });
    const page = await suite.visit('framing');
    const inside = await Promise.all(
      page
        .frames()
        .slice(1)
        .map((frame) => frame.evaluate(() => document.body?.textContent ?? '').catch(() => '')),
    );
    for (const text of inside) expect(text).not.toMatch(/Allow|Revoke|Permission request/);
  });

  it('gets nowhere with events that look like ours', async () => {
    const page = await suite.visit('forging');
    const answers = await page.evaluate(async () => {
      const heard: unknown[] = [];
      for (const type of ['webplat:connect', 'webplat:relay', 'webplat:announce', 'webplat:request']) {
        for (const target of [document, window]) {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }) => heard.push(data);
          target.dispatchEvent(new MessageEvent(type, { ports: [port2], cancelable: true, data: { forged: true } }));
          port1.postMessage({ envelope: { kind: 'result', id: 1, value: { token: '0'.repeat(32) } } });
          port1.postMessage({ envelope: { kind: 'call', id: 7, method: 'ui.state', params: {}, credit: 0 } });
          port1.postMessage({ envelope: { kind: 'call', id: 8, method: 'host.status', params: {}, credit: 0 } });
        }
      }
      // The honest API still answers, and after it whatever was forged had its time.
      await window.webplat?.permissions.query();
      return JSON.stringify(heard);
    });
    expect(answers).not.toMatch(/"value":\{(?!"grants")/);
    await allow(suite.browser, page);
    expect(await infer(page, echoOf(2))).toMatchObject({ ok: true, value: { text: 'w0 w1' } });
  });

  it('breaks only itself when it replaces the built-ins of its document', async () => {
    const script = `<script>
      const leak = (window.leaked = []);
      for (const type of [MessagePort, EventTarget, Array, Promise, Map]) {
        for (const key of ['postMessage', 'addEventListener', 'dispatchEvent', 'then', 'push', 'map', 'get', 'set']) {
          const original = type.prototype[key];
          if (original && type !== EventTarget && type !== Promise && type !== Array) {
            type.prototype[key] = function (...args) { leak.push(args); return original.apply(this, args); };
          }
        }
      }
      Object.defineProperty(Object.prototype, 'token', { get() { return 'polluted'; }, configurable: true });
    </script>`;
    suite.sites.add('patched', '/', { body: html({ head: script }) });
    const page = await suite.visit('patched');
    await allow(suite.browser, page);
    expect(await infer(page, echoOf(2))).toMatchObject({ ok: true });
    const leaked = await page.evaluate(() => JSON.stringify((window as unknown as { leaked: unknown[] }).leaked));
    expect(leaked).not.toMatch(/[0-9a-f]{32}/);
  });

  it.each([
    ['a number for an input', '{ model: "packaged:echo", task: "text-generation", input: 7 }'],
    ['an empty prompt', '{ model: "packaged:echo", task: "text-generation", input: "" }'],
    ['a prompt beyond all limits', '{ model: "packaged:echo", task: "text-generation", input: "x".repeat(1e6) }'],
    [
      'a temperature that is no number',
      '{ model: "packaged:echo", task: "text-generation", input: "x", options: { temperature: NaN } }',
    ],
    ['an unknown field', '{ model: "packaged:echo", task: "text-generation", input: "x", admin: true }'],
    ['getters that throw', '{ get model() { throw new Error("mine") }, task: "text-generation", input: "x" }'],
    ['a proxy', 'new Proxy({}, { get() { return new Proxy(() => {}, {}) }, ownKeys() { return ["model"] } })'],
    ['nothing', 'undefined'],
  ])('is told what is wrong with %s', async (_what, request) => {
    const page = await suite.visit('wrong');
    const failure = await page.evaluate(`
      Promise.resolve().then(() => window.webplat.infer(${request}))
        .then(() => 'accepted', (error) => error.code ?? error.message)`);
    expect(['invalid-request', 'mine']).toContain(failure);
  });

  it.each([
    ['a picture that is none', 'image-classification', '{ width: 1, height: 1, data: [0, 0, 0, 0] }'],
    [
      'a proxy of a picture',
      'object-detection',
      'new Proxy(new ImageData(1, 1), { get() { throw new Error("mine") } })',
    ],
    [
      'a canvas beyond all limits',
      'image-feature-extraction',
      'Object.assign(new OffscreenCanvas(1, 1), { width: 60000, height: 60000 })',
    ],
    ['a file of another site', 'image-classification', '"https://bank.example/statement.png"'],
    [
      'a sound whose getter throws',
      'automatic-speech-recognition',
      '{ get samples() { throw new Error("mine") }, rate: 8000 }',
    ],
    [
      'samples that were moved away',
      'audio-feature-extraction',
      '(() => { const samples = new Float32Array(4); structuredClone(0, { transfer: [samples.buffer] }); return { samples, rate: 8000 }; })()',
    ],
    [
      'more labels than there are words',
      'zero-shot-audio-classification',
      '{ audio: new Blob(["a"]), labels: Array(1e6).fill("a") }',
    ],
    [
      'an endless list of frames',
      'zero-shot-video-classification',
      '{ video: new Proxy([], { get: (_, key) => (key === "length" ? Infinity : 0) }), labels: ["a"] }',
    ],
    ['an inherited task', 'toString', '"x"'],
  ])('is told what is wrong with %s, before anybody is asked', async (_what, task, input) => {
    const page = await suite.visit('wrong-media');
    const failure = await page.evaluate(`
      webplat.infer({ model: 'packaged:echo', task: '${task}', input: ${input} }).then(() => 'accepted', (error) => error.code)`);
    expect(failure).toBe('invalid-request');
  });

  it('is refused a model that does not exist like one that it may not use', async () => {
    const page = await suite.visit('unknown');
    expect(await infer(page, { ...echoOf(1), model: 'packaged:nothing' })).toMatchObject({
      ok: false,
      code: 'unknown-model',
    });
  });
});
