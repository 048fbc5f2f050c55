/** The browser's description of who sent a message or opened a port; the fields that are looked at. */
export interface BrowserSender {
  readonly id?: string | undefined;
  readonly url?: string | undefined;
  readonly origin?: string | undefined;
  readonly frameId?: number | undefined;
  readonly documentId?: string | undefined;
  readonly documentLifecycle?: string | undefined;
  readonly tab?: { readonly id?: number | undefined; readonly url?: string | undefined; readonly incognito?: boolean };
}

/** A content script of this extension in a web page, i.e. the page as far as trust goes. */
export interface PageSender {
  readonly kind: 'page';
  /** Serialized; `'null'` when opaque. */
  readonly origin: string;
  /** URL of the tab, taken together with everything else here at the moment the port was opened. */
  readonly topUrl: string | undefined;
  readonly tabId: number;
  readonly frameId: number;
  readonly documentId: string;
  readonly isFrame: boolean;
  readonly incognito: boolean;
  /** False for prerendered and cached documents: their tab shows another page. */
  readonly isActive: boolean;
}

export type ClassifiedSender = PageSender | { readonly kind: 'ui' } | { readonly kind: 'host' };

/** What the extension knows about itself. */
export interface ExtensionIdentity {
  readonly id: string;
  /** `chrome-extension://ID` */
  readonly origin: string;
}

/** Who a document is that speaks to the service worker as one of its clients, by the browser's word alone. */
export type ClientKind = 'bridge' | 'ui';

const BRIDGE_PATH = '/content/bridge.html';
const MANAGER_PATH = '/src/ui/manager/index.html';

export const OFFSCREEN_PATH = '/offscreen/index.html';
const UI_PATH = /^\/src\/ui\/[a-z]+\/index\.html$/;

/**
 * Who a message is from, by the browser's word alone; undefined for anything that is not expected to send any. The
 * bridge frame is an extension document inside a web page and is none of these.
 */
export function classifySender(sender: BrowserSender, self: ExtensionIdentity): ClassifiedSender | undefined {
  if (sender.id !== self.id || sender.url === undefined) return undefined;
  const pathname = ownPath(sender.url, self);
  if (pathname === undefined) return pageSender(sender, self);
  const isTop = sender.frameId === undefined || sender.frameId === 0;
  if (!isTop) return undefined;
  if (pathname === OFFSCREEN_PATH && sender.tab === undefined) return { kind: 'host' };
  return UI_PATH.test(pathname) ? { kind: 'ui' } : undefined;
}

/**
 * The bridge's frame, which any page may embed, or the manager in a tab of its own, which no page can; undefined for every
 * other client.
 */
export function classifyClient(
  client: { readonly url?: string; readonly frameType?: string } | null,
  self: ExtensionIdentity,
): ClientKind | undefined {
  const path = ownPath(client?.url, self);
  if (path === BRIDGE_PATH) return 'bridge';
  return path === MANAGER_PATH && client?.frameType === 'top-level' ? 'ui' : undefined;
}

/** The path of one of the extension's own URLs; undefined for any other. */
export function ownPath(url: string | undefined, self: ExtensionIdentity): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  // Not `URL.origin`: it is "null" where the URL standard does not know the browser's scheme for extensions.
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}` === self.origin ? pathname : undefined;
}

function pageSender(sender: BrowserSender, self: ExtensionIdentity): PageSender | undefined {
  const { tab, origin, documentId, frameId } = sender;
  if (tab?.id === undefined || origin === undefined || documentId === undefined || frameId === undefined) {
    return undefined;
  }
  if (origin === self.origin) return undefined;
  return {
    kind: 'page',
    origin,
    topUrl: tab.url,
    tabId: tab.id,
    frameId,
    documentId,
    isFrame: frameId !== 0,
    incognito: tab.incognito ?? true,
    isActive: sender.documentLifecycle === undefined || sender.documentLifecycle === 'active',
  };
}
