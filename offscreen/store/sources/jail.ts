import { matchesHost } from '../../../src/protocol/hosts.ts';
import { SourceFault } from '../transfer/fault.ts';
import type { AllowedFetch } from '../transfer/fetch-range.ts';
import { type OpenFrame, openPolicyFrame, type PolicyFrame, watchBlocked } from './policy-frame.ts';

/** A `fetch` that reaches certain hosts only. */
export interface Jail {
  readonly fetch: AllowedFetch;
  /** Replaces the hosts. Requests that run are given up: whoever made them may ask again, under the new policy. */
  allow(hosts: readonly string[]): void;
}

interface Cell {
  readonly opened: Promise<{ readonly frame: PolicyFrame; wasBlocked(url: string): Promise<boolean> }>;
  readonly closed: AbortController;
}

/**
 * A fetch whose every hop is checked by the browser itself. Scripts see neither where a redirect points to nor may follow it by
 * hand, but a document's `connect-src` holds for each redirect: so requests are made from a frame whose policy names the hosts.
 */
export function createJail(hosts: readonly string[], openFrame: OpenFrame = openPolicyFrame): Jail {
  let allowed = [...hosts];
  let cell: Cell | undefined;

  function ensureCell(): Cell {
    cell ??= {
      opened: openFrame(policyOf(allowed)).then((frame) => ({ frame, wasBlocked: watchBlocked(frame) })),
      closed: new AbortController(),
    };
    return cell;
  }

  function close({ opened, closed }: Cell): void {
    // First the requests: those of a document that is gone never settle.
    closed.abort(new SourceFault('broken', 'The hosts that downloads are allowed from were changed.'));
    opened.then(
      ({ frame }) => frame.close(),
      () => {},
    );
  }

  return {
    allow(next) {
      if (next.join() === allowed.join()) return;
      allowed = [...next];
      if (cell) close(cell);
      cell = undefined;
    },
    async fetch(url, init) {
      const { host } = assertAllowed(url, allowed);
      const { opened, closed } = ensureCell();
      const { frame, wasBlocked } = await opened;
      closed.signal.throwIfAborted();
      const signal = init.signal ? AbortSignal.any([init.signal, closed.signal]) : closed.signal;
      try {
        return await frame.fetch(url, { ...init, signal });
      } catch (error) {
        signal.throwIfAborted();
        if (await wasBlocked(url)) {
          throw new SourceFault('refused', `${host} redirects to a host that the settings do not allow.`);
        }
        throw error;
      }
    },
  };
}

/** @throws SourceFault `refused` for anything but an allowed host's address, encrypted unless it is on this machine. */
function assertAllowed(url: string, allowed: readonly string[]): URL {
  const parsed = new URL(url);
  const { host, protocol, username, password } = parsed;
  if ((protocol !== 'https:' && !(protocol === 'http:' && isLocal(host))) || username || password) {
    throw new SourceFault('refused', 'The address is not one that is fetched.');
  }
  if (!allowed.some((pattern) => matchesHost(pattern, host))) {
    throw new SourceFault('refused', `The settings do not allow downloads from ${host}.`);
  }
  return parsed;
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
