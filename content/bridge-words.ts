/** What the relay and the bridge say to each other over a port of their own; the page hears none of it. */
export type FromBridge =
  | { readonly word: 'ready' }
  /** The port comes back with this message. */
  | { readonly word: 'failed' };

export interface ToBridge {
  readonly token: string;
}

/** The bridge's page; must be listed under `web_accessible_resources`. */
export const BRIDGE_PAGE = 'content/bridge.html';
