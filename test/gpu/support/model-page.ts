import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright';
import { build } from 'vite';
import { ensureBrowser } from '../../../scripts/browsers/ensure.ts';
import { packagedModels } from '../../../scripts/packaged-models.ts';
import { packagedRuntime } from '../../../scripts/packaged-runtime.ts';
import type { ModelPage } from './page/main.ts';

/** A page that holds the model path and nothing else, under the content security policy of the extension. */
export interface ModelPageHost {
  /** Opens the page in a profile of its own: caches start empty. */
  open(options?: { readonly gpu?: boolean }): Promise<OpenModelPage>;
  /** Serves `content` instead of a built file, or beside them; undefined takes it away again. */
  replace(file: string, content: Uint8Array | undefined): void;
  close(): Promise<void>;
}

export interface OpenModelPage {
  readonly page: Page;
  /** Lines that the page and its workers wrote to the console as errors. */
  readonly errors: readonly string[];
  /** Calls a function of the page. */
  call<Name extends keyof ModelPage>(
    name: Name,
    ...args: Parameters<ModelPage[Name]>
  ): Promise<Awaited<ReturnType<ModelPage[Name]>>>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

const FLAGS = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];

export async function startModelPage(): Promise<ModelPageHost> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'webplat-model-page-'));
  await buildPage(folder);
  const replaced = new Map<string, Uint8Array>();
  const server = await serve(folder, replaced, await extensionPolicy());
  const { port } = server.address() as AddressInfo;
  const browsers = new Map<boolean, Browser>();

  async function browserFor(gpu: boolean): Promise<Browser> {
    const started = browsers.get(gpu);
    if (started) return started;
    const { path: executablePath } = await ensureBrowser('chromium');
    const args = ['--headless=new', '--no-sandbox', ...QUIET, ...(gpu ? FLAGS : [])];
    const browser = await chromium.launch({ executablePath, headless: false, args });
    browsers.set(gpu, browser);
    return browser;
  }

  return {
    async open({ gpu = true } = {}) {
      const context = await (await browserFor(gpu)).newContext();
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(`http://localhost:${port}/`);
      return {
        page,
        errors,
        call: async (name, ...args) => (await page.evaluate(callInPage, [name, args] as const)) as never,
        reload: async () => void (await page.reload()),
        close: () => context.close(),
      };
    },
    replace(file, content) {
      if (content) replaced.set(file, content);
      else replaced.delete(file);
    },
    async close() {
      await Promise.all([...browsers.values()].map((browser) => browser.close()));
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Builds the page in that folder of this one into `outDir`. */
export async function buildPage(outDir: string, page = 'page'): Promise<void> {
  await build({
    configFile: false,
    root: path.resolve('test/gpu/support', page),
    base: './',
    logLevel: 'error',
    publicDir: false,
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser'] },
    plugins: [packagedModels(), packagedRuntime()],
    worker: { format: 'es' },
    build: { outDir, emptyOutDir: true, target: 'chrome137', minify: false, modulePreload: false },
  });
}

/** The policy that extension pages get, so that nothing here needs more than it allows. */
export async function extensionPolicy(): Promise<string> {
  const manifest = JSON.parse(await readFile('manifest.json', 'utf8'));
  return manifest.content_security_policy.extension_pages;
}

/** Serves a built page, isolated as the extension's pages are. */
export async function serve(
  folder: string,
  replaced: ReadonlyMap<string, Uint8Array>,
  policy: string,
): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = path.join(folder, pathname === '/' ? 'index.html' : path.normalize(pathname));
    const replacement = replaced.get(pathname);
    const found = file.startsWith(folder) && (replacement !== undefined || existsSync(file));
    if (!found) return void response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      'cache-control': 'no-store',
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end(replacement ?? (await readFile(file)));
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return server;
}

/** Runs in the page, whose functions are typed on this side of the call. */
function callInPage([name, values]: readonly [string, readonly unknown[]]): unknown {
  type Functions = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;
  return (globalThis as unknown as { modelPage: Functions }).modelPage[name]?.(...values);
}
