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

const FILES = [
  { file: 'index.html', at: '/', type: 'text/html; charset=utf-8' },
  { file: 'style.css', at: '/style.css', type: 'text/css' },
  { file: 'site.js', at: '/site.js', type: 'text/javascript' },
];

/** Serves both sites, each on an origin of its own. */
export async function serveDemo(): Promise<Sites> {
  const sites = await serveSites();
  const shared = await readFile('demo/stream-into.js');
  for (const { name, folder } of DEMO_SITES) {
    sites.add(name, '/stream-into.js', { body: shared, type: 'text/javascript' });
    for (const { file, at, type } of FILES) {
      sites.add(name, at, { body: await readFile(path.join(folder, file)), type });
    }
  }
  return sites;
}
