import type { UpEnvelope } from '../src/protocol/envelope.ts';

/**
 * How the two worlds of a document find each other. The page's side dispatches a cancelable MessageEvent of type
 * `CONNECT` with one port on the document; the relay takes the port and cancels the event. The relay dispatches `READY`
 * when it starts, for a page side that came first. Both scripts run before any script of the site, so the first handshake
 * is theirs alone; other documents cannot dispatch events here.
 */
export const CONNECT = 'webplat:connect';
export const READY = 'webplat:relay';

/** What the page's side sends over that port; the other direction carries `DownEnvelope`s as they are. */
export type UpMessage =
  | { readonly envelope: UpEnvelope }
  /** The data port is gone: the next `session.open` needs a new one even where the session is the old one. */
  | { readonly detached: true };

/**
 * What the page learns of an opened session instead of its token: whether the port that came along is now connected, or
 * the one from before goes on.
 */
export interface Opened {
  readonly fresh: boolean;
}
