import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Sites, serveSites } from '../test/support/sites.ts';

/** A site of the demo: the host name it is served under, and its folder. */
export interface DemoSite {
  readonly name: string;
  readonly folder: string;
}

export const DEMO_SITES: readonly DemoSite[] = [
  { name: 'stories', folder: 'demo/stories' },
  { name: 'desk', folder: 'demo/desk' },
];

/** What a site consists of; `shared` lies beside the sites and is served to each from its own origin. */
const FILES = [
  { file: 'index.html', at: '/', type: 'text/html; charset=utf-8' },
  { file: 'style.css', at: '/style.css', type: 'text/css' },
  { file: 'site.js', at: '/site.js', type: 'text/javascript' },
  { file: 'site.css', at: '/site.css', type: 'text/css', shared: true },
  { file: 'stream-into.js', at: '/stream-into.js', type: 'text/javascript', shared: true },
];

/** Serves both sites, each on an origin of its own. */
export async function serveDemo(): Promise<Sites> {
  const sites = await serveSites();
  for (const { name, folder } of DEMO_SITES) {
    for (const { file, at, type, shared = false } of FILES) {
      sites.add(name, at, { body: await readFile(path.join(shared ? 'demo' : folder, file)), type });
    }
  }
  return sites;
}
