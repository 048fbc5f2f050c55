import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a test site answers with. */
export interface SitePage {
  readonly body: string | Uint8Array;
  readonly type?: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** Answers requests that no page was added for; `path` is without the query. */
export type SiteFallback = (path: string) => Promise<SitePage | undefined>;

/** Web sites on the loopback interface: each name is an origin of its own, all on one port. */
export interface Sites {
  /** `http://NAME.localhost:PORT`; browsers resolve every such name to this machine. */
  origin(name: string): string;
  /** `http://127.0.0.1:PORT`, an origin of yet another host. */
  readonly loopback: string;
  /** Serves `page` at `path` of the site `name` and answers its URL. */
  add(name: string, path: string, page: SitePage): string;
  close(): Promise<void>;
}

/** The smallest document; `head` and `body` are inserted as they are. */
export function html({ title = 'A site', head = '', body = '' } = {}): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>${head}</head><body>${body}</body></html>`;
}

export async function serveSites(fallback: SiteFallback = async () => undefined): Promise<Sites> {
  const pages = new Map<string, SitePage>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = (name: string) => `http://${name}.localhost:${port}`;

  async function answer({ headers, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin: asked, pathname } = new URL(url, `http://${headers.host}`);
    const page = pages.get(`${asked}${pathname}`) ?? (pathname === '/' ? EMPTY : await fallback(pathname));
    if (!page) {
      // Browsers ask every site for an icon, and log it where there is none.
      response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': page.type ?? 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      ...page.headers,
    });
    response.end(page.body);
  }

  return {
    origin,
    loopback: `http://127.0.0.1:${port}`,
    add(name, path, page) {
      const url = `${name === '127.0.0.1' ? `http://127.0.0.1:${port}` : origin(name)}${path}`;
      pages.set(url, page);
      return url;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const EMPTY: SitePage = { body: html() };
