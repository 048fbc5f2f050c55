import browser from 'webextension-polyfill';

/** A key-value store of the extension. One `set` is written as a whole or not at all. */
export interface StorageArea {
  /** The value, or undefined when there is none. */
  get(key: string): Promise<unknown>;
  set(items: Readonly<Record<string, unknown>>): Promise<void>;
  remove(key: string): Promise<void>;
}

const wrap = (area: () => typeof browser.storage.local): StorageArea => ({
  get: async (key) => (await area().get(key))[key],
  set: (items) => area().set({ ...items }),
  remove: (key) => area().remove(key),
});

/** Kept until the extension is removed. */
export const localStorageArea = wrap(() => browser.storage.local);
/** Kept in memory until the browser ends or the extension is reloaded; survives a stop of the background. */
export const sessionStorageArea = wrap(() => browser.storage.session);

/**
 * Keeps content scripts away from what is stored: in a page whose renderer was taken over, they are the page. The browser
 * forgets this, so it is said at every start.
 */
export async function keepStorageToExtension(): Promise<void> {
  const areas = [browser.storage.local, browser.storage.session] as readonly RestrictableArea[];
  await Promise.all(areas.map((area) => area.setAccessLevel?.({ accessLevel: 'TRUSTED_CONTEXTS' })));
}

interface RestrictableArea {
  setAccessLevel?(options: { accessLevel: 'TRUSTED_CONTEXTS' }): Promise<void>;
}
