import browser from 'webextension-polyfill';

/** Reaches the relay of one document, whether or not it has a port open. */
export interface Documents {
  /** Sends a message that wants no answer; false when the document is gone. */
  send(tabId: number, documentId: string, message: unknown): Promise<boolean>;
  tabExists(tabId: number): Promise<boolean>;
}

export const documents: Documents = {
  send: (tabId, documentId, message) =>
    browser.tabs.sendMessage(tabId, message, { documentId } as { frameId?: number }).then(
      () => true,
      () => false,
    ),
  tabExists: (tabId) =>
    browser.tabs.get(tabId).then(
      () => true,
      () => false,
    ),
};
