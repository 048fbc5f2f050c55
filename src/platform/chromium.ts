/**
 * What Chromium offers beyond the WebExtensions standard, as far as it is used here. Typed by hand because the standard's
 * types do not have it; absent in other browsers.
 */
export interface ExtensionContext {
  readonly contextType: string;
  readonly documentUrl?: string;
  readonly windowId: number;
}

interface ChromiumApi {
  readonly offscreen?: {
    createDocument(parameters: { url: string; reasons: readonly ['WORKERS']; justification: string }): Promise<void>;
  };
  readonly runtime?: {
    getContexts?(filter: {
      contextTypes?: readonly string[];
      documentUrls?: readonly string[];
    }): Promise<ExtensionContext[]>;
  };
}

const api: ChromiumApi = (globalThis as { chrome?: ChromiumApi }).chrome ?? {};

/** Makes the extension's one document without a window; rejects when there is one already. */
export async function createOffscreenDocument(url: string, justification: string): Promise<void> {
  if (!api.offscreen) throw new Error('this browser has no offscreen documents');
  await api.offscreen.createDocument({ url, reasons: ['WORKERS'], justification });
}

/** The extension's open documents of these kinds, e.g. `OFFSCREEN_DOCUMENT` or `TAB`. */
export async function extensionContexts(...contextTypes: readonly string[]): Promise<ExtensionContext[]> {
  return (await api.runtime?.getContexts?.({ contextTypes })) ?? [];
}
