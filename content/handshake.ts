import type { UpEnvelope } from '../src/protocol/envelope.ts';

/**
 * How the two worlds of a document find each other. The page's side dispatches a cancelable MessageEvent of type
 * `CONNECT` with one port on the document; the relay takes the port and cancels the event. The relay dispatches `READY`
 * when it starts, for a page side that came first. Both scripts run before any script of the site, so the first handshake
 * is theirs alone; other documents cannot dispatch events here.
 */
export const CONNECT = 'webplat:connect';
export const READY = 'webplat:relay';

/** Said where no relay of the running extension is in the document: browsers inject into documents as they load. */
export const GONE =
  'The extension was restarted, updated or removed, and this browser connects it to new documents only: reload the page.';

/** What the page's side sends over that port. `detached` says that it dropped the data port of that connection. */
export type UpMessage = { readonly envelope: UpEnvelope } | { readonly detached: number };

/**
 * What the relay says besides `DownEnvelope`s, which it carries as they are. Chromium does not tell a MessagePort that
 * its other end is gone, so the relay does: the data port of a connection is lost, or the relay itself cannot go on.
 */
export type Lost = { readonly lost: number } | { readonly lost: 'relay' };

/**
 * What the page learns of an opened session instead of its token: which connection carries it. A number it has not seen
 * before means the port that came with the call; any other means that an earlier port goes on and this one is closed.
 */
export interface Opened {
  readonly connection: number;
}
