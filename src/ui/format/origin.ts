import { parse } from 'tldts';
import type { Subject } from '../../protocol/grant.ts';

/** An origin cut into what identifies it and what surrounds it; the parts joined are the whole origin again. */
export interface OriginParts {
  /** `https://` */
  readonly scheme: string;
  /** Subdomains with their last dot; they belong to whoever owns `site`. */
  readonly before: string;
  /** The registrable domain, or the whole host where there is none: what the user should recognise. */
  readonly site: string;
  /** `:8443`, or nothing for the scheme's own port. */
  readonly port: string;
  /** The host has labels in punycode, which are shown as they are. */
  readonly international: boolean;
  /** The origin is a program on this computer. */
  readonly loopback: boolean;
}

/**
 * Cuts an origin into parts for display. Hosts stay in the ASCII form of the browser, so that no look-alike letter or
 * text direction can make one site pass for another; anything else is escaped rather than drawn.
 */
export function describeOrigin(origin: string): OriginParts {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url?.origin !== origin || !/^[\x21-\x7e]+$/.test(origin)) {
    return { scheme: '', before: '', site: escapeText(origin), port: '', international: false, loopback: false };
  }
  const { domain, isIp } = parse(url.hostname, { allowPrivateDomains: true });
  const loopback = url.hostname === 'localhost' || url.hostname.endsWith('.localhost') || isLoopbackIp(url.hostname);
  const site = domain && !isIp && !loopback ? domain : url.hostname;
  return {
    scheme: `${url.protocol}//`,
    before: url.hostname.slice(0, url.hostname.length - site.length),
    site,
    port: url.port && `:${url.port}`,
    international: url.hostname.split('.').some((label) => label.startsWith('xn--')),
    loopback,
  };
}

/** Whether the subject is a frame inside another site's page. */
export function isFrame({ invoker, topOrigin }: Subject): boolean {
  return invoker !== topOrigin;
}

/** One line naming a subject, for labels that assistive technology reads. */
export function subjectName(subject: Subject): string {
  return isFrame(subject) ? `${subject.invoker} inside ${subject.topOrigin}` : subject.invoker;
}

/** Key of a subject in lists. */
export function subjectKey({ invoker, topOrigin }: Subject): string {
  return `${invoker} ${topOrigin}`;
}

function isLoopbackIp(host: string): boolean {
  return host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function escapeText(text: string): string {
  return text.replace(/[^\x21-\x7e]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
