import { readFile } from 'node:fs/promises';
import { type Browser, chromium, type Page } from 'playwright';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';
import { ensureBuild } from './build.ts';
import { type Sites, serveSites } from './sites.ts';

declare global {
  /** Only in documents of {@link startFakeRelay}. */
  var relay: { answer: unknown; calls: { readonly method: string; readonly params: unknown }[] };
}

/** Documents with the built page API and a stand-in for the extension behind it, which keeps what it is sent. */
export interface FakeRelay {
  readonly sites: Sites;
  open(name: string): Promise<Page>;
  close(): Promise<void>;
}

/** Runs in the document before the page API: takes its port as the relay would, and answers what `relay.answer` says. */
function takeCalls(): void {
  const calls: { readonly method: string; readonly params: unknown }[] = [];
  // Captured, because some documents replace it.
  const { apply } = Reflect;
  const { postMessage } = MessagePort.prototype;
  const post = (port: MessagePort, message: unknown) => apply(postMessage, port, [message]);
  globalThis.relay = { answer: undefined, calls };
  const serve = (port: MessagePort | undefined) => {
    if (!port) return;
    port.onmessage = ({ data: { kind, id, method, params } }) => {
      if (kind !== 'call') return;
      calls[calls.length] = { method, params };
      post(port, { kind: 'result', id, value: globalThis.relay.answer });
    };
  };
  document.addEventListener('webplat:connect', (event) => {
    const [control] = (event as MessageEvent).ports;
    event.preventDefault();
    if (!control) return;
    control.onmessage = ({ data: { envelope }, ports }) => {
      if (envelope?.kind !== 'call') return;
      if (envelope.method === 'session.open') serve(ports[0]);
      post(control, { kind: 'result', id: envelope.id, value: { connection: 1 } });
    };
  });
}

/** Starts a browser without the extension. */
export async function startFakeRelay(): Promise<FakeRelay> {
  const script = await readFile(`${await ensureBuild('dist')}/content/page-api.iife.js`, 'utf8');
  const { path: executablePath } = await ensureBrowser('chromium');
  const browser: Browser = await chromium.launch({
    executablePath,
    headless: false,
    args: ['--headless=new', '--no-sandbox', '--disable-background-networking', '--no-first-run'],
  });
  const sites = await serveSites();
  return {
    sites,
    async open(name) {
      const page = await browser.newPage();
      await page.addInitScript(`(${takeCalls})(); ${script}`);
      await page.goto(`${sites.origin(name)}/`);
      return page;
    },
    async close() {
      await browser.close();
      await sites.close();
    },
  };
}

/** What arrived, with buffers as lists of bytes. */
export interface Arrived {
  readonly code?: string;
  readonly field?: string;
  readonly message?: string;
  readonly input?: unknown;
  readonly options?: unknown;
}

/** Runs `webplat.infer` in the document, of the source text of a request, and tells what the other side was sent. */
export function send(page: Page, request: string, before = ''): Promise<Arrived> {
  return page.evaluate(`(async () => {
    const plain = (value) =>
      value instanceof ArrayBuffer ? [...new Uint8Array(value)]
      : Array.isArray(value) ? value.map(plain)
      : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
      : value;
    relay.calls.length = 0;
    relay.answer = { task: 'x', output: [], execution: { backend: 'ECHO', totalMs: 1 } };
    ${before}
    try {
      await webplat.infer({ model: 'a:b', ...(${request}) });
    } catch ({ code, message, data }) {
      return { code, message, field: data?.field };
    }
    const [{ params }] = relay.calls;
    return { input: plain(params.input), options: plain(params.options) };
  })()`) as Promise<Arrived>;
}
