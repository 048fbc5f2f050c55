import path from 'node:path';

/** The browsers that tests, demo and benches drive. */
export type BrowserName = 'chromium' | 'firefox';

/** Environment variable that names the executable; it wins over everything else. */
export const OVERRIDE: Readonly<Record<BrowserName, string>> = {
  chromium: 'WEBPLAT_CHROMIUM',
  firefox: 'WEBPLAT_FIREFOX',
};

/**
 * Oldest major version that does. Chromium: WebAssembly promise integration, as `minimum_chrome_version` of the manifest
 * says. Firefox: WebGPU on Linux.
 */
export const OLDEST: Readonly<Record<BrowserName, number>> = { chromium: 137, firefox: 153 };

/** The major version in a `--version` line; undefined where there is none. */
export function majorVersion(version: string): number | undefined {
  const digits = /\b(\d+)\./.exec(version)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** What decides where programs lie; given, so that every platform is tested on any. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const LINUX: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: [
    'chromium',
    'chromium-browser',
    'microsoft-edge',
    'microsoft-edge-stable',
    'google-chrome-for-testing',
    'google-chrome',
    'google-chrome-stable',
  ],
  firefox: ['firefox-esr', 'firefox'],
};

const MAC: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: [
    'Chromium.app/Contents/MacOS/Chromium',
    'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
    'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    'Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
  firefox: ['Firefox.app/Contents/MacOS/firefox', 'Firefox ESR.app/Contents/MacOS/firefox'],
};

const WINDOWS: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: [
    'Chromium\\Application\\chrome.exe',
    'Microsoft\\Edge\\Application\\msedge.exe',
    'Google\\Chrome\\Application\\chrome.exe',
  ],
  firefox: ['Mozilla Firefox\\firefox.exe', 'Mozilla Firefox ESR\\firefox.exe'],
};

/**
 * Paths where a browser may lie, best first. Branded Chrome comes last: since version 137 it ignores `--load-extension`,
 * so it can show the extension only when a person installs it, and cannot run tests or the demo.
 */
export function candidates(name: BrowserName, { platform, env }: Machine): readonly string[] {
  if (platform === 'darwin') {
    const roots = ['/Applications', ...(env.HOME ? [`${env.HOME}/Applications`] : [])];
    return MAC[name].flatMap((app) => roots.map((root) => path.posix.join(root, app)));
  }
  if (platform === 'win32') {
    const roots = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter((root) => root !== undefined);
    return WINDOWS[name].flatMap((app) => roots.map((root) => path.win32.join(root, app)));
  }
  const folders = [
    ...new Set([...(env.PATH ?? '').split(':').filter(Boolean), '/usr/bin', '/usr/local/bin', '/snap/bin']),
  ];
  return LINUX[name].flatMap((program) => folders.map((folder) => path.posix.join(folder, program)));
}

/** Whether a `--version` line belongs to branded Chrome, which cannot load an unpacked extension by command line. */
export function isBrandedChrome(version: string): boolean {
  return /^Google Chrome(?! for Testing)/.test(version.trim());
}
