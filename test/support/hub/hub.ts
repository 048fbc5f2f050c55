import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/protocol/settings.ts';
import { createFaults, type Fault, type FaultRule } from './faults.ts';
import type { HubFile, HubRepo } from './repo.ts';
import { sendFile } from './send-file.ts';

/** One request that a hub served, for tests that count. */
export interface HubRequest {
  readonly path: string;
  readonly host: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** Bytes of the body that went out. */
  sentBytes: number;
}

/**
 * A model hub on the loopback interface, with the addresses, answers and headers of huggingface.co: file lists, `resolve` addresses
 * that redirect to another host for large files, tokens, ranges. It does wrong whatever it is told to.
 */
export interface Hub {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Where large files are redirected to: the same server under another name, hence another origin. */
  readonly cdnUrl: string;
  readonly requests: readonly HubRequest[];
  fault(rule: FaultRule, fault: Fault): void;
  clearFaults(): void;
  /** Settles the moment that so many more bytes of files have gone out. */
  whenSent(bytes: number): Promise<void>;
  /** Adds or replaces a repository, `ORG/NAME`. */
  put(name: string, repo: HubRepo): void;
  close(): Promise<void>;
}

export interface HubOptions {
  readonly port?: number | undefined;
  /** Bytes a second of each connection; as fast as it goes, if left out. */
  readonly bytesPerS?: number | undefined;
  /** Delay before every answer begins. */
  readonly latencyMs?: number | undefined;
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash,Retry-After',
  // Documents that are isolated take nothing else.
  'cross-origin-resource-policy': 'cross-origin',
};
const PAGE_ENTRIES = 1000;

export async function serveHub(repos: Readonly<Record<string, HubRepo>> = {}, options: HubOptions = {}): Promise<Hub> {
  const known = new Map(Object.entries(repos));
  const faults = createFaults();
  const requests: HubRequest[] = [];
  const meter = createMeter();
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const cdnUrl = `http://localhost:${port}`;

  function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
    response.writeHead(status, { ...CORS, 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams, search } = new URL(request.url ?? '/', url);
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { ...CORS, 'access-control-allow-headers': 'authorization, range' }).end();
      return;
    }
    const { range, authorization, host = '' } = request.headers;
    const entry: HubRequest = { path: pathname + search, host, range, authorization, sentBytes: 0 };
    requests.push(entry);
    if (options.latencyMs) await new Promise((resolve) => setTimeout(resolve, options.latencyMs));
    const fault = faults.of(pathname + search);
    if (fault?.kind === 'status') return json(response, fault.status, { error: 'asked to' }, { ...fault.headers });
    if (fault?.kind === 'redirect') return redirect(response, fault.to);
    if (fault?.kind === 'loop') return redirect(response, `${url}${pathname}?${Math.random()}`);
    if (fault?.kind === 'body') return json(response, 200, fault.body);
    const found = find(pathname, authorization);
    if (!found) return json(response, 404, { error: 'Repository not found' });
    if (found.kind === 'denied') return json(response, 401, { error: 'Invalid credentials' });
    if (found.kind === 'info') return json(response, 200, describe(found.name, found.repo));
    if (found.kind === 'tree') return tree(response, found.repo, pathname, searchParams);
    if (found.file.lfs && !pathname.startsWith('/cdn/')) {
      return redirect(response, `${cdnUrl}/cdn/${found.file.sha256}?signature=${requests.length}`, {
        'x-linked-size': String(found.file.bytes),
        'x-linked-etag': `"${found.file.sha256}"`,
        'x-repo-commit': found.repo?.commit ?? '',
      });
    }
    await sendFile(response, found.file, {
      range,
      fault,
      bytesPerS: options.bytesPerS,
      headers: CORS,
      onSent: (bytes) => {
        entry.sentBytes += bytes;
        meter.count(bytes);
      },
    });
  }

  function redirect(response: ServerResponse, location: string, headers: Record<string, string> = {}): void {
    response.writeHead(302, { ...CORS, location, ...headers }).end();
  }

  type Found =
    | { readonly kind: 'denied' }
    | { readonly kind: 'info'; readonly name: string; readonly repo: HubRepo }
    | { readonly kind: 'tree'; readonly repo: HubRepo }
    | { readonly kind: 'file'; readonly repo?: HubRepo; readonly file: HubFile };

  function find(pathname: string, authorization: string | undefined): Found | undefined {
    const cdn = /^\/cdn\/([0-9a-f]{64})$/.exec(pathname);
    if (cdn) {
      for (const { files } of known.values()) {
        for (const file of files.values()) if (file.sha256 === cdn[1]) return { kind: 'file', file };
      }
      return undefined;
    }
    for (const [name, repo] of known) {
      const api = pathname.startsWith(`/api/models/${name}/`) || pathname === `/api/models/${name}`;
      if (!api && !pathname.startsWith(`/${name}/resolve/`)) continue;
      if (repo.token !== undefined && authorization !== `Bearer ${repo.token}`) return { kind: 'denied' };
      if (api) return pathname.includes('/tree/') ? { kind: 'tree', repo } : { kind: 'info', name, repo };
      const [, path = ''] = /^[^/]+\/(.+)$/.exec(pathname.slice(`/${name}/resolve/`.length)) ?? [];
      const file = repo.files.get(decodeURIComponent(path));
      return file && { kind: 'file', repo, file };
    }
    return undefined;
  }

  function tree(response: ServerResponse, { files }: HubRepo, pathname: string, query: URLSearchParams): void {
    const from = Number(query.get('cursor') ?? 0);
    const [, folder = ''] = /\/tree\/[^/]+\/?(.*)$/.exec(pathname) ?? [];
    const prefix = folder === '' ? '' : `${folder}/`;
    const inside = [...files].filter(([path]) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'));
    if (inside.length === 0) {
      json(response, 404, { error: 'Entry not found' });
      return;
    }
    const below = [...files.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
    const folders = new Set(below.filter((path) => path.includes('/')).map((path) => path.split('/')[0]));
    const entries: unknown[] = inside.slice(from, from + PAGE_ENTRIES).map(([path, file]) => ({
      type: 'file',
      oid: file.gitOid,
      size: file.bytes,
      path,
      ...(file.lfs && { lfs: { oid: file.sha256, size: file.bytes, pointerSize: 130 } }),
    }));
    if (from === 0) {
      for (const name of folders)
        entries.push({ type: 'directory', oid: '0'.repeat(40), size: 0, path: prefix + name });
    }
    const next = from + PAGE_ENTRIES;
    const link = `<${url}${pathname}?cursor=${next}>; rel="next"`;
    json(response, 200, entries, next < inside.length ? { link } : {});
  }

  return {
    url,
    cdnUrl,
    requests,
    fault: faults.add,
    clearFaults: faults.clear,
    whenSent: meter.when,
    put: (name, repo) => void known.set(name, repo),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Counts bytes and tells when there were enough. */
function createMeter() {
  const waiting = new Set<{ left: number; resolve(): void }>();
  return {
    count(bytes: number): void {
      for (const entry of waiting) {
        entry.left -= bytes;
        if (entry.left > 0) continue;
        waiting.delete(entry);
        entry.resolve();
      }
    },
    when: (bytes: number) => new Promise<void>((resolve) => void waiting.add({ left: bytes, resolve })),
  };
}

function describe(name: string, { commit, files, licence, token }: HubRepo) {
  return {
    id: name,
    modelId: name,
    sha: commit,
    private: token !== undefined,
    gated: false,
    cardData: { license: licence ?? 'mit' },
    siblings: [...files.keys()].map((rfilename) => ({ rfilename })),
  };
}

/** Settings under which everything comes from this hub. */
export function hubSettings(hub: Hub, changes: Partial<Settings['downloads']> = {}): Settings {
  const hosts = [hub.url, hub.cdnUrl].map((url) => new URL(url).host);
  return { ...DEFAULT_SETTINGS, downloads: { ...DEFAULT_SETTINGS.downloads, hubUrl: hub.url, hosts, ...changes } };
}
