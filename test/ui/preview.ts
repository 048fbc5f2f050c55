import path from 'node:path';
import type { BrowserContext } from 'playwright';
import { build, type Plugin } from 'vite';
import manifest from '../../manifest.json' with { type: 'json' };

const ROOT = path.resolve(import.meta.dirname, '../..');
const PAGES = ['prompt', 'popup', 'manager'] as const;
export type PageName = (typeof PAGES)[number];
const ORIGIN = 'http://ui.localhost';

/** Built files of the three pages, by path, with the browser behind them replaced by a scenario. */
export type Preview = ReadonlyMap<string, string | Uint8Array>;

/** Builds the pages as they are shipped, except for the one module that touches the browser. */
export async function buildPreview(): Promise<Preview> {
  const output = await build({
    root: ROOT,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [fakeEnvironment()],
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      target: 'chrome137',
      rolldownOptions: { input: Object.fromEntries(PAGES.map((page) => [page, `src/ui/${page}/index.html`])) },
    },
  });
  const bundles = Array.isArray(output) ? output : 'output' in output ? [output] : [];
  return new Map(
    bundles
      .flatMap((bundle) => bundle.output)
      .map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source]),
  );
}

/** Answers the preview's requests in `context`, under the content security policy of the extension. */
export async function servePreview(context: BrowserContext, preview: Preview): Promise<void> {
  await context.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const body = preview.get(pathname);
    if (body === undefined) return route.fulfill({ status: 404, body: '' });
    const headers = { 'content-security-policy': manifest.content_security_policy.extension_pages };
    return route.fulfill({
      headers,
      contentType: TYPES[path.extname(pathname)] ?? 'text/plain',
      body: typeof body === 'string' ? body : Buffer.from(body),
    });
  });
}

/** Address of a page in a scenario. */
export function previewUrl(page: PageName, scenario: string): string {
  return `${ORIGIN}/src/ui/${page}/index.html?scenario=${scenario}&id=${'0'.repeat(32)}`;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

function fakeEnvironment(): Plugin {
  const real = path.join(ROOT, 'src/ui/environment.ts');
  const fake = path.join(ROOT, 'test/ui/fake-environment.ts');
  return {
    name: 'webplat:fake-environment',
    enforce: 'pre',
    async resolveId(source, importer) {
      if (!source.endsWith('/environment.ts')) return null;
      const resolved = await this.resolve(source, importer, { skipSelf: true });
      return resolved?.id === real ? fake : null;
    },
  };
}
