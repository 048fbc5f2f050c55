import browser from 'webextension-polyfill';
import { extensionContexts } from './chromium.ts';

const PROMPT_PATH = '/src/ui/prompt/index.html';
const SIZE = { width: 480, height: 760 };

/** An open window and the prompt in it. */
export interface PromptWindow {
  readonly windowId: number;
  readonly id: string;
}

/** Windows in which the user answers prompts. */
export interface PromptWindows {
  /** Opens the window of the prompt `id` and returns the window's number. */
  open(id: string): Promise<number>;
  /** The windows that show prompts, of this background's life or of one before. */
  list(): Promise<readonly PromptWindow[]>;
  exists(windowId: number): Promise<boolean>;
  /** Brings a window to the front. */
  focus(windowId: number): Promise<void>;
  /** Closes a window; one that is gone already is no error. */
  close(windowId: number): Promise<void>;
}

const promptUrl = (id: string) => browser.runtime.getURL(`${PROMPT_PATH}?id=${id}`);

export const promptWindows: PromptWindows = {
  async open(id) {
    const wanted = { url: promptUrl(id), type: 'popup', focused: true, ...SIZE } as const;
    const { id: windowId } = await browser.windows
      .create({ ...wanted, ...(await overLastWindow()) })
      // The place may lie outside the screen, partly or after a monitor was unplugged: then the browser finds one.
      .catch(() => browser.windows.create(wanted));
    if (windowId === undefined) throw new Error('the browser did not name the window it made');
    return windowId;
  },
  async list() {
    const prefix = promptUrl('');
    return (await extensionContexts('TAB')).flatMap(({ documentUrl, windowId }) =>
      documentUrl?.startsWith(prefix) ? [{ windowId, id: documentUrl.slice(prefix.length) }] : [],
    );
  },
  exists: (windowId) =>
    browser.windows.get(windowId).then(
      () => true,
      () => false,
    ),
  async focus(windowId) {
    await browser.windows.update(windowId, { focused: true }).catch(() => {});
  },
  async close(windowId) {
    await browser.windows.remove(windowId).catch(() => {});
  },
};

/** Calls `listener` when any window was closed; also starts a stopped background for it. */
export function onWindowClosed(listener: (windowId: number) => void): void {
  browser.windows.onRemoved.addListener(listener);
}

/** A position near the top of the window that the user is looking at, where the site's own window is too. */
async function overLastWindow(): Promise<{ left?: number; top?: number }> {
  const window = await browser.windows.getLastFocused().catch(() => undefined);
  if (window?.left === undefined || window.top === undefined || window.width === undefined) return {};
  const left = Math.round(window.left + Math.max(0, window.width - SIZE.width) / 2);
  return { left, top: Math.max(0, window.top + 80) };
}
