import { extensionIdentity } from './identity.ts';
import { type ClientKind, classifyClient, OFFSCREEN_PATH, ownPath } from './sender.ts';

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
  readonly source: { readonly url?: string; readonly frameType?: string } | null;
  waitUntil(work: Promise<unknown>): void;
}

const scope = globalThis as unknown as ServiceWorkerScope;

/** Takes what bridge frames and the manager send to the service worker, each time with exactly one port; the rest is dropped. */
export function onBridgeMessage(take: (from: ClientKind, message: unknown, port: MessagePort) => Promise<void>): void {
  scope.addEventListener('message', (event) => {
    const [port, ...more] = event.ports;
    const from = classifyClient(event.source, extensionIdentity());
    if (port && more.length === 0 && from) event.waitUntil(take(from, event.data, port));
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
