import { announce } from './page/announce.ts';
import { createProvider } from './page/provider.ts';

/**
 * Defines `window.webplat` before any script of the site runs. Only in secure HTML documents; a document that has one
 * keeps it, so that injecting twice changes nothing.
 */
if (isSecureContext && document instanceof HTMLDocument && !Object.hasOwn(window, 'webplat')) {
  const provider = createProvider();
  Object.defineProperty(window, 'webplat', { value: provider, enumerable: true, writable: false, configurable: false });
  announce(provider);
}
