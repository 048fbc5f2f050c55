import browser from 'webextension-polyfill';

/** Reaches the relay of one document, whether or not it has a port open. */
export interface Documents {
  /** Sends a message that wants no answer; false when the document is gone. */
  send(tabId: number, documentId: string, message: unknown): Promise<boolean>;
  /** Whether the document is there and awake: not closed, left, or in the background cache. */
  isReachable(tabId: number, documentId: string): Promise<boolean>;
}

// Chromium rejects when the document has no listener any more, and resolves with nothing when a listener has no answer.
const send: Documents['send'] = (tabId, documentId, message) =>
  browser.tabs.sendMessage(tabId, message, { documentId } as { frameId?: number }).then(
    () => true,
    () => false,
  );

export const documents: Documents = {
  send,
  isReachable: (tabId, documentId) => send(tabId, documentId, { channel: 'webplat.ping' }),
};
