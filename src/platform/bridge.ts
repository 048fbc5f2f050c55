import { extensionIdentity } from './identity.ts';
import { OFFSCREEN_PATH, ownPath } from './sender.ts';

const BRIDGE_PATH = '/content/bridge.html';

interface WindowClient {
  readonly url: string;
  postMessage(message: unknown, transfer: Transferable[]): void;
}

interface ServiceWorkerScope {
  readonly clients?: {
    matchAll(options: { includeUncontrolled: boolean; type: 'window' }): Promise<readonly WindowClient[]>;
  };
  addEventListener(type: 'message', listener: (event: BridgeEvent) => void): void;
}

interface BridgeEvent {
  readonly data: unknown;
  readonly ports: readonly MessagePort[];
  readonly source: { readonly url?: string } | null;
  waitUntil(work: Promise<unknown>): void;
}

const scope = globalThis as unknown as ServiceWorkerScope;

/** Takes what bridge frames send to the service worker, each time with exactly one port; the rest is dropped. */
export function onBridgeMessage(take: (message: unknown, port: MessagePort) => Promise<void>): void {
  scope.addEventListener('message', (event) => {
    const [port, ...more] = event.ports;
    if (port && more.length === 0 && ownPath(event.source?.url, extensionIdentity()) === BRIDGE_PATH)
      event.waitUntil(take(event.data, port));
    else for (const stray of event.ports) stray.close();
  });
}

/** Posts to the host's document, handing a port over; false when there is no such document. */
export async function postToHost(message: unknown, port: MessagePort): Promise<boolean> {
  const windows = await scope.clients?.matchAll({ includeUncontrolled: true, type: 'window' });
  const host = windows?.find(({ url }) => ownPath(url, extensionIdentity()) === OFFSCREEN_PATH);
  host?.postMessage(message, [port]);
  return host !== undefined;
}
