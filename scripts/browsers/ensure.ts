import { readFile } from 'node:fs/promises';
import { exec } from '../lib/exec.ts';
import { type BrowserName, OLDEST, OVERRIDE } from './candidates.ts';
import { BrowserError, type FoundBrowser, findBrowser } from './find.ts';

/** Debian packages of a browser. Firefox needs Mesa's software Vulkan driver for WebGPU on a machine without a GPU. */
const DEBIAN_PACKAGES: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: ['chromium'],
  firefox: ['firefox-esr', 'mesa-vulkan-drivers'],
};

const ELSEWHERE: Readonly<Record<BrowserName, string>> = {
  chromium:
    `Install Chromium ${OLDEST.chromium} or newer (Debian: apt-get install chromium; macOS: brew install --cask chromium), Microsoft Edge, ` +
    'or Chrome for Testing (npx playwright install chromium). Branded Google Chrome is not enough: since version 137 it ' +
    'ignores --load-extension.',
  firefox: `Install Firefox ${OLDEST.firefox} or newer (Debian: apt-get install firefox-esr mesa-vulkan-drivers; macOS: brew install --cask firefox).`,
};

/**
 * Finds a browser, or installs it where that can be done without asking (Debian or a derivative, as root). Anywhere else
 * throws {@link BrowserError} with what to install.
 */
export async function ensureBrowser(name: BrowserName): Promise<FoundBrowser> {
  const found = await findBrowser(name);
  if (found) return found;
  if (await isDebianRoot()) {
    await installPackages(DEBIAN_PACKAGES[name]);
    const installed = await findBrowser(name);
    if (installed) return installed;
  }
  throw new BrowserError(
    `No ${name === 'chromium' ? 'Chromium-based browser' : 'Firefox'} that is new enough was found. ${ELSEWHERE[name]} ` +
      `Or set ${OVERRIDE[name]} to the path of its executable.`,
  );
}

async function isDebianRoot(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\bdebian\b/m.test(release);
}

async function installPackages(packages: readonly string[]): Promise<void> {
  console.log(`Installing ${packages.join(', ')} with apt-get.`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // The package lists of a machine are empty or old, and an old list names a browser that is too old.
  await exec('apt-get', ['update'], { env });
  await exec('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { env });
}
