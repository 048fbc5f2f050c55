import { describe, expect, it } from 'vitest';
import { describeOrigin, subjectName } from './origin.ts';

const joined = (origin: string) => {
  const { scheme, before, site, port } = describeOrigin(origin);
  return scheme + before + site + port;
};

describe('describeOrigin', () => {
  it.each([
    ['https://example.org', '', 'example.org'],
    ['https://a.b.example.co.uk', 'a.b.', 'example.co.uk'],
    ['https://someone.github.io', '', 'someone.github.io'],
    ['https://paypal.com.evil.example', 'paypal.com.', 'evil.example'],
    ['https://co.uk', '', 'co.uk'],
    ['https://192.168.0.1:8443', '', '192.168.0.1'],
    ['https://[2001:db8::1]', '', '[2001:db8::1]'],
    ['http://localhost:5173', '', 'localhost'],
    ['http://app.localhost', '', 'app.localhost'],
  ])('cuts %s before what was registered', (origin, before, site) => {
    expect(describeOrigin(origin)).toMatchObject({ before, site });
    expect(joined(origin)).toBe(origin);
  });

  it('keeps punycode and says so', () => {
    expect(describeOrigin('https://login.xn--80ak6aa92e.com')).toMatchObject({
      site: 'xn--80ak6aa92e.com',
      international: true,
    });
  });

  it.each(['https://аррӏе.com', 'https://good.example\u202e', 'https://exa\u200bmple.org'])(
    'draws nothing but visible ASCII for %j',
    (origin) => {
      const shown = joined(origin);
      expect(shown).toMatch(/^[\x21-\x7e]+$/);
      expect(shown).toContain('\\u{');
    },
  );

  it('knows programs on this computer', () => {
    for (const origin of ['http://localhost:1', 'http://x.localhost', 'http://127.0.0.1:81', 'http://[::1]:3000']) {
      expect(describeOrigin(origin).loopback).toBe(true);
    }
    expect(describeOrigin('https://localhost.example.org').loopback).toBe(false);
    expect(describeOrigin('https://127.0.0.1.example.org').loopback).toBe(false);
  });
});

it('names a frame together with its page', () => {
  expect(subjectName({ invoker: 'https://a.example', topOrigin: 'https://b.example' })).toBe(
    'https://a.example inside https://b.example',
  );
});
