/** Kinds of device that WebNN is asked for (https://www.w3.org/TR/webnn/#enumdef-mldevicetype); what it takes is its own choice. */
export const WEBNN_DEVICES = ['cpu', 'gpu', 'npu'] as const;
export type WebnnDevice = (typeof WEBNN_DEVICES)[number];

/** What is used of an `MLContext`; the DOM library has no WebNN. */
export interface WebnnContext {
  /** Ends the context where the browser can: it is young in the standard. */
  destroy?(): void;
}

interface WebnnNavigator {
  readonly ml?: { createContext(options: { readonly deviceType: WebnnDevice }): Promise<WebnnContext> };
}

/** A context on a kind of device; undefined where the browser gives none, though it may say that it has WebNN. */
export async function requestWebnn(deviceType: WebnnDevice): Promise<WebnnContext | undefined> {
  const { ml } = (globalThis.navigator ?? {}) as WebnnNavigator;
  return ml?.createContext({ deviceType }).catch(() => undefined);
}

/** Kinds of device that contexts were really opened on. */
export async function probeWebnn(): Promise<readonly WebnnDevice[]> {
  const found: WebnnDevice[] = [];
  for (const device of WEBNN_DEVICES) {
    const context = await requestWebnn(device);
    if (!context) continue;
    context.destroy?.();
    found.push(device);
  }
  return found;
}
