import { ensureBrowser } from './browsers/ensure.ts';
import { BrowserError } from './browsers/find.ts';

/** Prints the path of the browser that the other commands would use, installing it where that is possible. */
export async function main([name = 'chromium']: readonly string[]): Promise<number> {
  if (name !== 'chromium' && name !== 'firefox') throw new Error('Name a browser: chromium or firefox.');
  try {
    const { path, version, source } = await ensureBrowser(name);
    console.log(`${path} (${version}, ${source})`);
    return 0;
  } catch (error) {
    if (!(error instanceof BrowserError)) throw error;
    console.error(error.message);
    return 1;
  }
}
