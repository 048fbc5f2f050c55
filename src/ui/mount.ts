import { type ComponentChild, render } from 'preact';
import { createUiClient, type UiClient } from './client.ts';
import { openFilesPort, sendOneShot } from './environment.ts';
import { keepFocus } from './keep-focus.ts';

/** Draws a page of the extension into its document, with a client that speaks to the background. */
export function mount(page: (client: UiClient) => ComponentChild): void {
  const root = document.getElementById('app');
  if (!root) return;
  keepFocus(document);
  render(page(createUiClient(sendOneShot, openFilesPort)), root);
}
