import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { chromium } from 'playwright';
import {
  type BrowserName,
  candidates,
  isBrandedChrome,
  type Machine,
  majorVersion,
  OLDEST,
  OVERRIDE,
} from './candidates.ts';

/** An installed browser; `source` says how it was found, for the log. */
export interface FoundBrowser {
  readonly path: string;
  readonly version: string;
  readonly source: 'environment' | 'installed' | 'playwright';
}

/** A browser that was named but cannot be used; the message says why. */
export class BrowserError extends Error {}

/** What the search needs from the machine; replaced in tests. */
export interface FinderTools extends Machine {
  isExecutable(path: string): Promise<boolean>;
  versionOf(path: string): Promise<string>;
  /** Where Playwright would keep its own browser, whether or not it is there. */
  playwrightPath(name: BrowserName): string | undefined;
}

export const machineTools: FinderTools = {
  platform: process.platform,
  env: process.env,
  isExecutable: (path) =>
    access(path, constants.X_OK).then(
      () => true,
      () => false,
    ),
  async versionOf(path) {
    // On Windows `chrome.exe --version` opens a window instead of answering; the path has to do there.
    if (process.platform === 'win32') return path.includes('\\Google\\Chrome\\') ? 'Google Chrome' : path;
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 30_000 });
    return stdout.trim();
  },
  playwrightPath: (name) => (name === 'chromium' ? chromium.executablePath() : undefined),
};

/**
 * Looks for a browser that is new enough: the environment variable first, then what is installed, then Playwright's own.
 * Answers undefined when there is none; throws {@link BrowserError} when the variable names something that cannot be used.
 */
export async function findBrowser(
  name: BrowserName,
  tools: FinderTools = machineTools,
): Promise<FoundBrowser | undefined> {
  const named = tools.env[OVERRIDE[name]];
  if (named) return fromVariable(named, name, tools);
  for (const path of candidates(name, tools)) {
    const version = await usableVersion(path, name, tools);
    if (version) return { path, version, source: 'installed' };
  }
  const own = tools.playwrightPath(name);
  const version = own && (await usableVersion(own, name, tools));
  return own && version ? { path: own, version, source: 'playwright' } : undefined;
}

async function fromVariable(path: string, name: BrowserName, tools: FinderTools): Promise<FoundBrowser> {
  const variable = OVERRIDE[name];
  if (!(await tools.isExecutable(path))) throw new BrowserError(`${variable} is ${path}, which is no program.`);
  const version = await tools.versionOf(path);
  if (isBrandedChrome(version)) {
    throw new BrowserError(
      `${variable} is branded Chrome (${version}), which ignores --load-extension since version 137. ` +
        'Use Chromium, Microsoft Edge or Chrome for Testing.',
    );
  }
  if (isTooOld(version, name)) {
    throw new BrowserError(`${variable} is ${version}; version ${OLDEST[name]} is the oldest that does.`);
  }
  return { path, version, source: 'environment' };
}

async function usableVersion(path: string, name: BrowserName, tools: FinderTools): Promise<string | undefined> {
  if (!(await tools.isExecutable(path))) return undefined;
  const version = await tools.versionOf(path).catch(() => undefined);
  return version === undefined || isBrandedChrome(version) || isTooOld(version, name) ? undefined : version;
}

/** A version that is not told (Windows) gets the benefit of the doubt. */
function isTooOld(version: string, name: BrowserName): boolean {
  return (majorVersion(version) ?? OLDEST[name]) < OLDEST[name];
}
