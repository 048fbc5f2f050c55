import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Browser, chromium } from 'playwright';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';
import {
  attachTo,
  type ExtensionBrowser,
  flags,
  type LaunchOptions,
  makeProfile,
} from '../../test/support/extension-browser.ts';

/** A browser that can be let alone: a debugger that is attached to a context makes its messages slower. */
export interface LonelyBrowser {
  readonly version: string;
  /** Attaches to every context, runs `work`, and detaches from all of them. */
  attached<T>(work: (browser: ExtensionBrowser) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const POLL_MS = 50;
const START_WITHIN_MS = 30_000;

/** Starts a browser with the extension and nobody attached to it. */
export async function launchUndisturbed(options: LaunchOptions): Promise<LonelyBrowser> {
  const profile = await makeProfile();
  const { path: executable, version } = await ensureBrowser('chromium');
  const args = [...flags(options), '--remote-debugging-port=0', `--user-data-dir=${profile.path}`, 'about:blank'];
  const child = spawn(executable, args, { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async () => {
    child.kill();
    await exited;
    await profile.remove();
  };
  try {
    const address = await debuggerAddress(profile.path);
    return {
      version,
      async attached(work) {
        const connection = await chromium.connectOverCDP(address);
        try {
          return await work(await attachTo(contextOf(connection), version, close));
        } finally {
          await connection.close();
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function contextOf(connection: Browser) {
  const [context] = connection.contexts();
  if (!context) throw new Error('The browser has no profile.');
  return context;
}

/** The browser writes its port into the profile once it listens. */
async function debuggerAddress(profile: string): Promise<string> {
  const giveUpAt = Date.now() + START_WITHIN_MS;
  for (;;) {
    const text = await readFile(path.join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '');
    const [port] = text.split('\n');
    if (port) return `http://127.0.0.1:${port}`;
    if (Date.now() > giveUpAt) throw new Error('The browser did not start.');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
