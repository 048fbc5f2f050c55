import { describe, expect, test } from 'vitest';
import { identify, permittedOrigin } from './identity.ts';

describe('origins', () => {
  test.each([
    'https://site.example',
    'https://site.example:8443',
    'https://xn--bcher-kva.example',
    'http://localhost',
    'http://localhost:5173',
    'http://app.localhost:5173',
    'http://a.b.localhost',
    'http://127.0.0.1:8080',
    'http://127.1.2.3',
    'http://[::1]:3000',
    'https://[2001:db8::1]',
  ])('%s may hold permissions', (origin) => {
    expect(permittedOrigin(origin)).toBe(origin);
  });

  test.each([
    undefined,
    '',
    'null',
    'undefined',
    'http://site.example',
    'http://localhost.site.example',
    'http://notlocalhost',
    'http://127.0.0.1.site.example',
    'http://localhost.',
    'https://site.example.',
    'http://128.0.0.1',
    'http://0.0.0.0',
    'http://[::2]',
    'file://',
    'file:///home/user/page.html',
    'data:text/html,hello',
    'about:blank',
    'blob:https://site.example/1234',
    'filesystem:https://site.example/temporary/x',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://abc',
    'chrome://settings',
    'ftp://site.example',
    'ws://localhost',
    'https://site.example/',
    'https://site.example/path',
    'https://user@site.example',
    'https://site.example:443',
    'http://localhost:80',
    'HTTPS://site.example',
    'https://SITE.example',
    'https://bücher.example',
    ' https://site.example',
    'https://site.example\n',
    'https:site.example',
    'https://',
  ])('%s may not', (origin) => {
    expect(permittedOrigin(origin)).toBeUndefined();
  });
});

describe('identify', () => {
  const top = { origin: 'https://a.example', topUrl: 'https://a.example/page', isFrame: false, incognito: false };

  test('a top document is its own surroundings, whatever URL its tab shows', () => {
    const subject = { invoker: 'https://a.example', topOrigin: 'https://a.example' };
    expect(identify(top)).toEqual(subject);
    expect(identify({ ...top, topUrl: 'about:blank' })).toEqual(subject);
    expect(identify({ ...top, topUrl: undefined })).toEqual(subject);
  });

  test('a frame is named with the page around it', () => {
    expect(identify({ ...top, isFrame: true, topUrl: 'https://b.example:444/x?y#z' })).toEqual({
      invoker: 'https://a.example',
      topOrigin: 'https://b.example:444',
    });
  });

  test.each([
    ['an opaque frame', { isFrame: true, origin: 'null' }],
    ['no origin at all', { origin: undefined }],
    ['a frame in a page that is not named', { isFrame: true, topUrl: undefined }],
    ['a frame in an insecure page', { isFrame: true, topUrl: 'http://b.example/' }],
    ['a frame in an extension page', { isFrame: true, topUrl: 'chrome-extension://abc/page.html' }],
    ['a frame in a file', { isFrame: true, topUrl: 'file:///x.html' }],
    ['a frame in about:blank', { isFrame: true, topUrl: 'about:blank' }],
    ['a private window', { incognito: true }],
  ])('%s is refused', (_, facts) => {
    expect(() => identify({ ...top, ...facts })).toThrow(expect.objectContaining({ code: 'origin-refused' }));
  });
});
