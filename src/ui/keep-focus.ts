/**
 * Keeps a keyboard's place in a page: where the element with the focus is removed or disabled, as a button is that has done
 * its work, the focus goes to the heading of the dialog or section around it instead of back to the start of the page.
 */
export function keepFocus(page: Document): void {
  let held: HTMLElement | undefined;
  let around: Element | null = null;
  page.addEventListener('focusin', ({ target }) => {
    held = target instanceof HTMLElement ? target : undefined;
    around = held?.closest('dialog, section') ?? null;
  });
  const look = () => {
    const { activeElement, body } = page;
    if (!held || (held.isConnected && !held.matches(':disabled'))) return;
    if (activeElement !== held && activeElement !== body) return;
    const place = around?.isConnected ? around.querySelector('h2, h3') : undefined;
    const heading = place ?? page.querySelector('h1');
    held = undefined;
    if (!(heading instanceof HTMLElement)) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  };
  const watched = { subtree: true, childList: true, attributes: true, attributeFilter: ['disabled'] };
  new MutationObserver(look).observe(page, watched);
}
