import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type BrowserName, candidates, isBrandedChrome, OLDEST } from './candidates.ts';
import { BrowserError, type FinderTools, findBrowser } from './find.ts';

function makeTools(
  programs: Record<string, string>,
  {
    env = {},
    platform = 'linux',
    own,
  }: { env?: Record<string, string>; platform?: NodeJS.Platform; own?: string } = {},
): FinderTools {
  return {
    platform,
    env,
    isExecutable: async (path) => path in programs,
    versionOf: async (path) => programs[path] ?? Promise.reject(new Error('no such program')),
    playwrightPath: (name: BrowserName) => (name === 'chromium' ? own : undefined),
  };
}

describe('findBrowser', () => {
  it('prefers the environment variable', async () => {
    const tools = makeTools(
      { '/opt/mine': 'Chromium 150', '/usr/bin/chromium': 'Chromium 140' },
      { env: { WEBPLAT_CHROMIUM: '/opt/mine' } },
    );
    expect(await findBrowser('chromium', tools)).toEqual({
      path: '/opt/mine',
      version: 'Chromium 150',
      source: 'environment',
    });
  });

  it('says so when the environment variable names nothing', async () => {
    const tools = makeTools({}, { env: { WEBPLAT_FIREFOX: '/nowhere' } });
    await expect(findBrowser('firefox', tools)).rejects.toThrow(BrowserError);
  });

  it('refuses branded Chrome when it is named, and passes it over when it is not', async () => {
    const chrome = { '/usr/bin/google-chrome': 'Google Chrome 150.0.1' };
    await expect(
      findBrowser('chromium', makeTools(chrome, { env: { WEBPLAT_CHROMIUM: '/usr/bin/google-chrome' } })),
    ).rejects.toThrow('--load-extension');
    expect(await findBrowser('chromium', makeTools(chrome))).toBeUndefined();
  });

  it('searches PATH before the usual folders', async () => {
    const tools = makeTools(
      { '/home/me/bin/chromium': 'Chromium 151', '/usr/bin/chromium': 'Chromium 140' },
      { env: { PATH: '/home/me/bin' } },
    );
    expect((await findBrowser('chromium', tools))?.path).toBe('/home/me/bin/chromium');
  });

  it("falls back to Playwright's own, and only when it is there", async () => {
    expect(await findBrowser('chromium', makeTools({}, { own: '/pw/chrome' }))).toBeUndefined();
    const found = await findBrowser('chromium', makeTools({ '/pw/chrome': 'Chromium 152' }, { own: '/pw/chrome' }));
    expect(found?.source).toBe('playwright');
  });

  it('passes over what is too old, and refuses it when it is named', async () => {
    const old = { '/usr/bin/firefox-esr': 'Mozilla Firefox 140.12.0esr' };
    expect(await findBrowser('firefox', makeTools(old))).toBeUndefined();
    const both = { ...old, '/usr/bin/firefox': 'Mozilla Firefox 153.0' };
    expect((await findBrowser('firefox', makeTools(both)))?.path).toBe('/usr/bin/firefox');
    const named = makeTools(old, { env: { WEBPLAT_FIREFOX: '/usr/bin/firefox-esr' } });
    await expect(findBrowser('firefox', named)).rejects.toThrow('153');
  });

  it('passes over a program that does not run', async () => {
    const tools = { ...makeTools({ '/usr/bin/chromium': '' }), versionOf: () => Promise.reject(new Error('crashed')) };
    expect(await findBrowser('chromium', tools)).toBeUndefined();
  });
});

it('does not ask for a version that the manifest does not ask for', async () => {
  const manifest = await readFile(new URL('../../manifest.json', import.meta.url), 'utf8');
  expect(JSON.parse(manifest)).toMatchObject({ minimum_chrome_version: String(OLDEST.chromium) });
});

describe('candidates', () => {
  it('knows where macOS and Windows keep browsers', () => {
    expect(candidates('chromium', { platform: 'darwin', env: { HOME: '/Users/me' } })).toContain(
      '/Users/me/Applications/Chromium.app/Contents/MacOS/Chromium',
    );
    expect(candidates('chromium', { platform: 'win32', env: { PROGRAMFILES: 'C:\\Program Files' } })).toContain(
      'C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe',
    );
  });

  it('tells branded Chrome from Chrome for Testing', () => {
    expect(isBrandedChrome('Google Chrome 137.0.7151.55')).toBe(true);
    expect(isBrandedChrome('Google Chrome for Testing 137.0.7151.55')).toBe(false);
    expect(isBrandedChrome('Microsoft Edge 137.0.3296.52')).toBe(false);
  });
});
