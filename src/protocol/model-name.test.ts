import { describe, expect, it } from 'vitest';
import { HOST_PATTERN, isPublicHost, matchesHost } from './hosts.ts';
import { canonicalName, parseModelName } from './model-name.ts';

describe('model names', () => {
  it.each([
    ['packaged:storyteller', { scheme: 'packaged', name: 'storyteller' }],
    ['file:my-model', { scheme: 'file', name: 'my-model' }],
    ['hf:org/name', { scheme: 'hf', repository: 'org/name', revision: 'main' }],
    ['hf:bert-base', { scheme: 'hf', repository: 'bert-base', revision: 'main' }],
    ['hf:org/name@v1.0', { scheme: 'hf', repository: 'org/name', revision: 'v1.0' }],
    ['hf:org/name@refs/pr/3', { scheme: 'hf', repository: 'org/name', revision: 'refs/pr/3' }],
  ])('%s', (text, parsed) => {
    expect(parseModelName(text)).toEqual(parsed);
  });

  it('takes a folder on a web server', () => {
    expect(parseModelName('https://models.example.org/bert/')).toMatchObject({ scheme: 'https' });
    expect(parseModelName('http://127.0.0.1:8080/bert/')).toMatchObject({ scheme: 'https' });
  });

  it.each([
    '',
    ':',
    'storyteller',
    'packaged:',
    'packaged:../secret',
    'packaged:a/b',
    'file:/etc/passwd',
    'hf:org/name/more',
    'hf:../name',
    'hf:org/..',
    'hf:org/name@',
    'hf:org/name@a@b',
    'hf:org/name@../x',
    'hf:org/na me',
    'hf:org/name?x',
    'HF:org/name',
    'javascript:alert(1)',
    'data:text/html,x',
    'blob:https://x/y',
    'ftp://example.org/x/',
    'https://models.example.org/bert',
    'https://models.example.org/a/../b/',
    'https://user@models.example.org/bert/',
    'https://user:pw@models.example.org/bert/',
    'https://models.example.org/bert/?token=1',
    'https://models.example.org/bert/#x',
    'https://MODELS.example.org/bert/',
    'https:models.example.org/',
    'http://models.example.org/bert/',
  ])('refuses %j', (text) => {
    expect(parseModelName(text)).toBeUndefined();
  });

  it('has one spelling for one place', () => {
    expect(canonicalName('hf:org/name@main')).toBe('hf:org/name');
    expect(canonicalName('hf:org/name@v2')).toBe('hf:org/name@v2');
    expect(canonicalName('packaged:echo')).toBe('packaged:echo');
  });
});

describe('hosts', () => {
  it.each(['huggingface.co', 'cdn-lfs.hf.co', '8.8.8.8', '[2606:4700::1111]', '172.32.0.1', '100.128.0.1'])(
    '%s is public',
    (host) => {
      expect(isPublicHost(host)).toBe(true);
    },
  );

  it.each([
    'localhost',
    'a.localhost',
    'router',
    'nas.local',
    'db.internal',
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[::]',
    '[fe80::1]',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[::ffff:127.0.0.1]',
    '[2002:7f00:1::]',
    '[2001:db8::1]',
    '[2001::1]',
  ])('%s is not', (host) => {
    expect(isPublicHost(host)).toBe(false);
  });

  it('sees through other spellings of an address once it is part of a URL', () => {
    for (const host of ['2130706433', '0x7f.1', '0177.0.0.1', '127.1']) {
      expect(isPublicHost(new URL(`https://${host}/`).hostname), host).toBe(false);
    }
  });

  it('matches patterns by whole labels', () => {
    expect(matchesHost('hf.co', 'hf.co')).toBe(true);
    expect(matchesHost('hf.co', 'evil-hf.co')).toBe(false);
    expect(matchesHost('*.hf.co', 'cdn.hf.co')).toBe(true);
    expect(matchesHost('*.hf.co', 'a.b.hf.co')).toBe(true);
    expect(matchesHost('*.hf.co', 'hf.co')).toBe(false);
    expect(matchesHost('*.hf.co', 'evilhf.co')).toBe(false);
    expect(matchesHost('127.0.0.1:8080', '127.0.0.1:9090')).toBe(false);
  });

  it.each(['huggingface.co', '*.hf.co', 'localhost:8080', '127.0.0.1:8080', '[::1]:80'])('%s is a pattern', (text) => {
    expect(text).toMatch(HOST_PATTERN);
  });

  it.each(['*', '*.', '*.com', 'https://x.org', 'x.org/', 'a b', '*.*.org', 'X.org', ''])('%j is none', (text) => {
    expect(text).not.toMatch(HOST_PATTERN);
  });
});
