import { matchesHost } from '../../../src/protocol/hosts.ts';
import { SourceFault } from '../transfer/fault.ts';
import type { AllowedFetch } from '../transfer/fetch-range.ts';

/** A `fetch` that reaches certain hosts only. */
export interface Jail {
  readonly fetch: AllowedFetch;
  /** Replaces the hosts; requests that run go on. */
  allow(hosts: readonly string[]): void;
}

/** Makes the frame that requests are made from, under a policy; replaced in tests. */
export type OpenFrame = (
  policy: string,
) => Promise<{ readonly fetch: typeof fetch; onBlocked(listener: () => void): void }>;

/**
 * A fetch whose every hop is checked by the browser itself. Scripts see neither where a redirect points to nor may follow it by
 * hand, but a document's `connect-src` holds for each redirect: so requests are made from a frame whose policy names the hosts.
 */
export function createJail(hosts: readonly string[], openFrame: OpenFrame = openPolicyFrame): Jail {
  let allowed = [...hosts];
  let frame: ReturnType<OpenFrame> | undefined;
  let blocked = false;

  function ensureFrame(): ReturnType<OpenFrame> {
    frame ??= openFrame(policyOf(allowed)).then((opened) => {
      opened.onBlocked(() => {
        blocked = true;
      });
      return opened;
    });
    return frame;
  }

  return {
    allow(next) {
      if (next.join() === allowed.join()) return;
      allowed = [...next];
      frame = undefined;
    },
    async fetch(url, init) {
      const { host, protocol, username, password } = new URL(url);
      if ((protocol !== 'https:' && protocol !== 'http:') || username || password) {
        throw new SourceFault('refused', 'The address is not one that is fetched.');
      }
      if (!allowed.some((pattern) => matchesHost(pattern, host))) {
        throw new SourceFault('refused', `The settings do not allow downloads from ${host}.`);
      }
      const opened = await ensureFrame();
      blocked = false;
      try {
        return await opened.fetch(url, init);
      } catch (error) {
        // The browser reports a violation before it fails the request, and never says where the redirect pointed.
        if (blocked && !init.signal?.aborted) {
          throw new SourceFault('refused', `${host} redirects to a host that the settings do not allow.`);
        }
        throw error;
      }
    },
  };
}

/** Hosts as `connect-src` takes them: encrypted, but for this machine's own. */
function policyOf(hosts: readonly string[]): string {
  const sources = hosts.flatMap((host) =>
    isLocal(host) ? [`https://${host}`, `http://${host}`] : [`https://${host}`],
  );
  return `default-src 'none'; connect-src ${sources.join(' ') || "'none'"}`;
}

const isLocal = (host: string): boolean =>
  /^(localhost|[a-z0-9-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);

/** A frame without address and content, that has nothing but its policy. */
const openPolicyFrame: OpenFrame = async (policy) => {
  const element = document.createElement('iframe');
  element.hidden = true;
  element.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy.replaceAll('"', '&quot;')}">`;
  const loaded = new Promise<void>((resolve) => element.addEventListener('load', () => resolve(), { once: true }));
  (document.body ?? document.documentElement).append(element);
  await loaded;
  const { contentWindow } = element;
  if (!contentWindow) throw new Error('The frame for requests did not open.');
  const view = contentWindow as Window & typeof globalThis;
  return {
    fetch: view.fetch.bind(view),
    onBlocked: (listener) => view.document.addEventListener('securitypolicyviolation', listener),
  };
};
