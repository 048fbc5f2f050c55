import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseFault } from '../test/support/hub/fault-text.ts';
import { reposBelow } from '../test/support/hub/repos-below.ts';
import { main } from './hub.ts';

describe('the hub for people', () => {
  const said: string[] = [];
  beforeEach(() => {
    said.length = 0;
    const note = (text: unknown) => void said.push(String(text));
    vi.spyOn(console, 'log').mockImplementation(note);
    vi.spyOn(console, 'error').mockImplementation(note);
  });
  afterEach(() => vi.restoreAllMocks());

  it('serves a model to who shows the token, does wrong as told, and ends when it is stopped', async () => {
    const rule = 'tokenizer=status:503';
    const run = main(['test/fixtures/models/bert', '--token', 'secret', '--fault', rule]);
    await expect.poll(() => said.at(-1)).toBe('Stop it with Ctrl+C.');
    expect(said).toContainEqual(expect.stringMatching(/^ {2}hf:local\/bert {2}\d+ files$/));
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(said.join(' ')) ?? [];
    const get = (file: string, headers = {}) => fetch(`${url}/local/bert/resolve/main/${file}`, { headers });
    const authorization = 'Bearer secret';
    expect((await get('config.json')).status).toBe(401);
    expect((await (await get('config.json', { authorization })).json()).model_type).toBe('bert');
    expect((await get('tokenizer.json', { authorization })).status).toBe(503);
    process.emit('SIGINT');
    expect(await run).toBe(0);
    await expect(get('config.json')).rejects.toThrow();
  });

  it('finds every model below a folder', async () => {
    const names = (await reposBelow('test/fixtures')).map(({ name }) => name);
    expect(names).toContain('models/clip');
    expect((await reposBelow('test/fixtures/models')).map(({ name }) => name)).toContain('local/clip');
  });

  it('says what is wrong with a command line', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'webplat-hub-'));
    const wrong: [string[], string][] = [
      [[], 'Name one folder.'],
      [[folder], `There is no config.json in ${folder}`],
      [[path.join(folder, 'none')], 'There is no such folder.'],
      [[folder, '--port', '70000'], '--port takes a whole number from 1 to 65535.'],
      [[folder, '--rate', 'fast'], '--rate takes a whole number from 1.'],
      [[folder, '--fault', 'x=explode'], 'explode is no fault that the hub knows.'],
      [[folder, '--fault', '(=loop'], '( is no regular expression.'],
    ];
    for (const [args, problem] of wrong) {
      expect(await main(args)).toBe(1);
      expect(said.at(-1)).toContain(problem);
    }
    await rm(folder, { recursive: true });
  });
});

describe('faults as text', () => {
  it.each([
    ['a=status:429', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
    ['a=redirect:http://127.0.0.1:1/?x=y', { kind: 'redirect', to: 'http://127.0.0.1:1/?x=y' }],
    ['a=loop', { kind: 'loop' }],
    ['a=corrupt:0', { kind: 'corrupt', at: 0 }],
    ['a=drip:10', { kind: 'drip', bytesPerS: 10 }],
    ['a=etag:v2', { kind: 'etag', etag: '"v2"' }],
    ['a=body:', { kind: 'body', body: '' }],
  ])('%s', (text, fault) => {
    expect(parseFault(text)).toEqual({ path: /a/, fault });
  });

  it.each(['a', 'a=status:200', 'a=drip:0', 'a=loop:1', 'a=redirect:nowhere', 'a=constructor'])(
    '%s is none',
    (text) => {
      expect(parseFault(text)).toHaveProperty('problem');
    },
  );
});
