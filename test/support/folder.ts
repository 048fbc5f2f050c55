import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { SiteFallback } from './sites.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Serves the files of a folder; with `isolated`, so that its pages are cross-origin isolated. */
export function serveFolder(folder: string, { isolated = false } = {}): SiteFallback {
  const headers = isolated
    ? { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
    : {};
  return async (pathname) => {
    const file = path.resolve(folder, `.${decodeURIComponent(pathname)}`);
    if (!file.startsWith(`${path.resolve(folder)}${path.sep}`)) return undefined;
    const body = await readFile(file).catch(() => undefined);
    return body && { body, type: TYPES[path.extname(file)] ?? 'application/octet-stream', headers };
  };
}
