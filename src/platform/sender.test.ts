import { describe, expect, test } from 'vitest';
import { type BrowserSender, classifySender } from './sender.ts';

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
