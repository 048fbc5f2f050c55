/** What the tab under the popup shows, as far as webplat is concerned. */
export type PageKind = { readonly kind: 'site'; readonly origin: string } | { readonly kind: 'unsupported' };

/** Mirrors the `matches` of the content scripts: secure sites, and plain HTTP on this computer. */
export function pageOf(url: string | undefined): PageKind {
  if (url === undefined || !URL.canParse(url)) return { kind: 'unsupported' };
  const { protocol, hostname, origin } = new URL(url);
  const local = hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '127.0.0.1';
  const supported = protocol === 'https:' || (protocol === 'http:' && local);
  return supported ? { kind: 'site', origin } : { kind: 'unsupported' };
}
