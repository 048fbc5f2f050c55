import { describe, expect, test } from 'vitest';
import { type BrowserSender, classifyClient, classifySender } from './sender.ts';

const self = { id: 'abc', origin: 'chrome-extension://abc' };
const page: BrowserSender = {
  id: 'abc',
  url: 'https://site.example/path',
  origin: 'https://site.example',
  frameId: 0,
  documentId: 'D',
  documentLifecycle: 'active',
  tab: { id: 3, url: 'https://site.example/path', incognito: false },
};
const ui: BrowserSender = { id: 'abc', url: `${self.origin}/src/ui/prompt/index.html?id=1`, origin: self.origin };

describe('a page', () => {
  test('is described by the browser alone', () => {
    expect(classifySender(page, self)).toEqual({
      kind: 'page',
      origin: 'https://site.example',
      topUrl: 'https://site.example/path',
      tabId: 3,
      frameId: 0,
      documentId: 'D',
      isFrame: false,
      incognito: false,
      isActive: true,
    });
  });

  test('keeps an opaque origin opaque, whatever its URL', () => {
    expect(classifySender({ ...page, origin: 'null' }, self)).toMatchObject({ kind: 'page', origin: 'null' });
  });

  test('is not active while it is prerendered or cached', () => {
    for (const documentLifecycle of ['prerender', 'cached', 'pending_deletion']) {
      expect(classifySender({ ...page, documentLifecycle }, self)).toMatchObject({ isActive: false });
    }
  });

  test('counts as private where the browser does not say', () => {
    expect(classifySender({ ...page, tab: { id: 3 } }, self)).toMatchObject({ incognito: true });
  });

  test.each([
    ['another extension', { id: 'xyz' }],
    ['no id', { id: undefined }],
    ['no tab', { tab: undefined }],
    ['no origin', { origin: undefined }],
    ['no document', { documentId: undefined }],
    ['no frame', { frameId: undefined }],
    ['no URL', { url: undefined }],
    ["the extension's origin", { origin: self.origin }],
  ])('is nobody with %s', (_, change) => {
    expect(classifySender({ ...page, ...change } as BrowserSender, self)).toBeUndefined();
  });
});

describe('the extension', () => {
  test('has an interface, in a tab or a popup', () => {
    expect(classifySender(ui, self)).toEqual({ kind: 'ui' });
    expect(classifySender({ ...ui, frameId: 0, tab: { id: 1 } }, self)).toEqual({ kind: 'ui' });
  });

  test('has a host, which has no tab', () => {
    const host = { ...ui, url: `${self.origin}/offscreen/index.html` };
    expect(classifySender(host, self)).toEqual({ kind: 'host' });
    expect(classifySender({ ...host, tab: { id: 1 }, frameId: 0 }, self)).toBeUndefined();
  });

  test.each([
    ['the bridge in a page', `${self.origin}/content/bridge.html`, 4],
    ['the interface framed by a page', `${self.origin}/src/ui/prompt/index.html`, 4],
    ['a lookalike path', `${self.origin}/src/ui/prompt/index.html/../../x.html`, 0],
    ['another extension', 'chrome-extension://xyz/src/ui/prompt/index.html', 0],
  ])('is not %s', (_, url, frameId) => {
    expect(classifySender({ ...ui, url, frameId, tab: { id: 1 } }, self)).toBeUndefined();
  });
});

describe('a client of the service worker', () => {
  const client = (path: string, frameType = 'top-level') =>
    classifyClient({ url: `${self.origin}${path}`, frameType }, self);

  test('is a bridge, which pages embed, or the manager in a tab', () => {
    expect(client('/content/bridge.html', 'nested')).toBe('bridge');
    expect(client('/src/ui/manager/index.html')).toBe('ui');
  });

  test.each([
    ['the manager in a frame', '/src/ui/manager/index.html', 'nested'],
    ['the popup', '/src/ui/popup/index.html', 'top-level'],
    ['the prompt', '/src/ui/prompt/index.html', 'top-level'],
    ['the host', '/offscreen/index.html', 'top-level'],
    ['a lookalike', '/src/ui/manager/index.html/x', 'top-level'],
  ])('is not %s', (_, path, frameType) => {
    expect(client(path, frameType)).toBeUndefined();
  });

  test('is none of another extension, nor one that is gone', () => {
    const url = 'chrome-extension://xyz/src/ui/manager/index.html';
    expect(classifyClient({ url, frameType: 'top-level' }, self)).toBeUndefined();
    expect(classifyClient(null, self)).toBeUndefined();
  });
});
