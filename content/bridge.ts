import type { bridgeAttach } from '../src/protocol/bridge/bridge-attach.ts';
import type { ParamsOf } from '../src/protocol/define.ts';
import type { FromBridge, ToBridge } from './bridge-words.ts';

/**
 * Hands one MessagePort of the embedding document to the extension's service worker, with the document's origin as the
 * browser tells it. Any page may embed this frame: all it can do without the token of a session of its own origin is to
 * have a port thrown away, and all it learns is one word.
 */
addEventListener('message', function greet(event) {
  const [relay] = event.ports;
  if (event.source !== parent || parent === window || !relay) return;
  removeEventListener('message', greet);
  const { origin } = event;
  const say = (message: FromBridge, transfer: Transferable[] = []) => relay.postMessage(message, transfer);
  relay.addEventListener(
    'message',
    async ({ data, ports: [port] }) => {
      const { token } = (data ?? {}) as Partial<ToBridge>;
      if (typeof token !== 'string' || !port) return;
      const params: ParamsOf<typeof bridgeAttach> = { token, origin };
      try {
        const { active } = await navigator.serviceWorker.ready;
        if (!active) throw new Error('no service worker');
        active.postMessage({ method: 'bridge.attach', params }, [port]);
      } catch {
        say({ word: 'failed' }, [port]);
      }
    },
    { once: true },
  );
  relay.start();
  say({ word: 'ready' });
});
