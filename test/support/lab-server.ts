import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureBuild } from './build.ts';
import { type SiteFallback, serveSites } from './sites.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** The isolation that the extension's manifest asks for, as a web server grants it. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Answers with the files of the built lab, cross-origin isolated. */
export async function labFiles(): Promise<SiteFallback> {
  const folder = await ensureBuild('dist-lab');
  return async (requested) => {
    const file = path.join(folder, path.posix.normalize(requested));
    const body = await readFile(file).catch(() => undefined);
    return body && { body, type: TYPES[path.extname(file)] ?? 'application/octet-stream', headers: ISOLATED };
  };
}

/** Serves the lab on the loopback interface; `more` answers what is no file of it. */
export async function serveLab(
  more: SiteFallback = async () => undefined,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const files = await labFiles();
  const sites = await serveSites(async (path) => (await files(path)) ?? more(path));
  return { url: `${sites.loopback}/offscreen/lab/index.html`, close: sites.close };
}
