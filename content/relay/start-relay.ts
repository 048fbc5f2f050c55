import { extensionAlive, onExtensionMessage } from '../../src/platform/port.ts';
import { CONNECT, READY } from '../handshake.ts';
import { createAttacher } from './attach.ts';
import { createControl } from './control.ts';
import { servePage } from './serve-page.ts';

/**
 * Starts the relay of this document: takes the port of the page API, carries its calls to the background and connects its
 * data ports to the host. It knows nothing about permissions; whatever a hostile page sends here, the background judges.
 */
export function startRelay(): void {
  let taken = false;
  const control = createControl();
  const attacher = createAttacher();

  document.addEventListener(
    CONNECT,
    (event) => {
      const [port] = event instanceof MessageEvent ? event.ports : [];
      if (!port || taken || !extensionAlive()) return;
      // Cancelling tells the page's side that its port arrived; stopping keeps it from other listeners.
      event.preventDefault();
      event.stopImmediatePropagation();
      taken = true;
      servePage(port, control, attacher, () => {
        taken = false;
      });
    },
    true,
  );
  onExtensionMessage((message) => control.hear(message));
  window.addEventListener('pagehide', (event) => {
    if (!event.isTrusted || !event.persisted) return;
    control.drop();
    attacher.forget();
  });
  document.dispatchEvent(new Event(READY));
}
