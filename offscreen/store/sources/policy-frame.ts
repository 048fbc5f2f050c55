/** A document under a policy that names the hosts it may connect to. */
export interface PolicyFrame {
  readonly fetch: typeof fetch;
  /** Calls `listener` with the address of each request that the policy stopped, as the browser reports it. */
  onBlocked(listener: (address: string) => void): void;
  /** Takes the document away, and its requests with it. */
  close(): void;
}

/** Makes the frame that requests are made from, under a policy; replaced in tests. */
export type OpenFrame = (policy: string) => Promise<PolicyFrame>;

/** A frame without address and content, that has nothing but its policy. */
export const openPolicyFrame: OpenFrame = async (policy) => {
  const element = document.createElement('iframe');
  element.hidden = true;
  element.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy.replaceAll('"', '&quot;')}">`;
  const loaded = new Promise<void>((resolve) => element.addEventListener('load', () => resolve(), { once: true }));
  (document.body ?? document.documentElement).append(element);
  await loaded;
  const { contentWindow } = element;
  if (!contentWindow) throw new Error('The frame for requests did not open.');
  const view = contentWindow as Window & typeof globalThis;
  return {
    fetch: view.fetch.bind(view),
    onBlocked(listener) {
      view.document.addEventListener('securitypolicyviolation', ({ blockedURI }) => listener(blockedURI));
    },
    close: () => element.remove(),
  };
};

/** An address that no policy of hosts allows, and how violations report it. */
const NEVER = { address: 'data:,', reported: 'data' };

/**
 * Tells requests that the policy stopped from others that failed. The browser reports a violation a moment after it failed the
 * request, with the address before any redirect; and it reports in order. So another request that is stopped for certain is made,
 * and once that one is reported, the first would have been.
 */
export function watchBlocked({ fetch, onBlocked }: PolicyFrame): (url: string) => Promise<boolean> {
  const blocked = new Map<string, number>();
  const waiting: (() => void)[] = [];
  onBlocked((address) => {
    if (address === NEVER.reported) waiting.shift()?.();
    else blocked.set(address, (blocked.get(address) ?? 0) + 1);
  });
  return async (url) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      fetch(NEVER.address).catch(() => {});
    });
    const address = url.replace(/#.*$/, '');
    const times = blocked.get(address) ?? 0;
    if (times > 1) blocked.set(address, times - 1);
    else blocked.delete(address);
    return times > 0;
  };
}
