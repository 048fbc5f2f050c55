import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureBuild } from './build.ts';
import { packagedFixture } from './packaged-fixture.ts';
import { type SiteFallback, type SitePage, serveSites } from './sites.ts';

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

/** The built lab with reference models among those that are packaged. */
async function labWithFixtures(fixtures: readonly string[]): Promise<SiteFallback> {
  const built = await labFiles();
  const more = await Promise.all(fixtures.map(packagedFixture));
  const served = new Map(more.flatMap(({ served }) => [...served]));
  const index = async (page: SitePage) => {
    const listed = more.flatMap(({ served }) => JSON.parse(String(served.get(INDEX))) as unknown[]);
    return { ...page, body: JSON.stringify([...(JSON.parse(String(page.body)) as unknown[]), ...listed]) };
  };
  return async (requested) => {
    const page = await built(requested);
    if (requested === INDEX && page) return index(page);
    const body = served.get(requested);
    return body ? { body, type: 'application/octet-stream', headers: ISOLATED } : page;
  };
}

const INDEX = '/models/index.json';

export interface LabSetting {
  /** Reference models that are packaged with it. */
  readonly fixtures?: readonly string[];
  /** Answers what is no file of it. */
  readonly more?: SiteFallback;
}

/** Serves the lab on the loopback interface. */
export async function serveLab({ fixtures = [], more = async () => undefined }: LabSetting = {}): Promise<{
  readonly url: string;
  close(): Promise<void>;
}> {
  const files = await labWithFixtures(fixtures);
  const sites = await serveSites(async (path) => (await files(path)) ?? more(path));
  return { url: `${sites.loopback}/offscreen/lab/index.html`, close: sites.close };
}
