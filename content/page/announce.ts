import type { Webplat, WebplatAnnouncement } from '../webplat.d.ts';
import { dispatch, freeze, listen, NativeCustomEvent, newUuid } from './primordials.ts';

/**
 * Announces the provider now and whenever a script asks, in the manner of EIP-6963
 * (https://eips.ethereum.org/EIPS/eip-6963). The id is new in every document: it recognizes nobody.
 */
export function announce(provider: Webplat): void {
  const info = freeze({ uuid: newUuid(), name: 'webplat', rdns: 'org.webplat' } as const);
  const detail: WebplatAnnouncement = freeze({ info, provider });
  const init = { __proto__: null, detail } as CustomEventInit<WebplatAnnouncement>;
  const send = () => dispatch(window, new NativeCustomEvent('webplat:announce', init));
  listen(window, 'webplat:request', send);
  send();
}
