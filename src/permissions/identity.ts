import { WebplatError } from '../protocol/errors.ts';
import type { Subject } from '../protocol/grant.ts';

/** What the browser says about the document on the other end of a port. Nothing here comes from the document. */
export interface BrowserFacts {
  /** Serialized origin of the document; `'null'` when it is opaque. */
  readonly origin: string | undefined;
  /** URL of the tab, i.e. of its top document, from the same snapshot as `origin`. */
  readonly topUrl: string | undefined;
  readonly isFrame: boolean;
  readonly incognito: boolean;
}

const LOOPBACK_NAME = /^(?:[^.]+\.)*localhost$/;
const LOOPBACK_ADDRESS = /^127(?:\.\d{1,3}){3}$|^\[::1\]$/;

/** Whether a host name is this machine by definition (RFC 6761 section 6.3, RFC 5735 section 4, RFC 4291 section 2.5.3). */
function isLoopback(hostname: string): boolean {
  return LOOPBACK_NAME.test(hostname) || LOOPBACK_ADDRESS.test(hostname);
}

/**
 * The origin if it is one that permissions can be tied to: https anywhere, http on the loopback. Only the canonical
 * serialization passes, so equal strings are equal origins. Opaque origins, files, extensions and the rest are refused.
 */
export function permittedOrigin(serialized: string | undefined): string | undefined {
  if (serialized === undefined || !URL.canParse(serialized)) return undefined;
  const { origin, protocol, hostname } = new URL(serialized);
  if (origin !== serialized || hostname.endsWith('.')) return undefined;
  const secure = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
  return secure ? origin : undefined;
}

const originOf = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined;

/**
 * Who a document is to the permission model.
 *
 * @throws {@link WebplatError} `origin-refused` when the document, or the page that frames it, cannot hold a permission.
 */
export function identify({ origin, topUrl, isFrame, incognito }: BrowserFacts): Subject {
  const invoker = permittedOrigin(origin);
  const topOrigin = isFrame ? permittedOrigin(originOf(topUrl)) : invoker;
  if (incognito || invoker === undefined || topOrigin === undefined) throw new WebplatError('origin-refused');
  return { invoker, topOrigin };
}

/** Whether two subjects are the same site in the same surroundings. */
export function isSameSubject(a: Subject, b: Subject): boolean {
  return a.invoker === b.invoker && a.topOrigin === b.topOrigin;
}

/** One key per subject; neither origin can contain a space. */
export function subjectKey({ invoker, topOrigin }: Subject): string {
  return `${invoker} ${topOrigin}`;
}
