import type { Page } from 'playwright';
import { allow, echoOf, infer } from './page-client.ts';
import type { Suite } from './suite.ts';

/** About a second of the echo's time each, so that there is time for clicks before the last one is done. */
const REQUESTS = 16;
const WORDS = 32_768;

declare global {
  /** Only in the documents of tests: how the requests of {@link keepBusy} ended. */
  var busy: Promise<readonly string[]> | undefined;
}

/** Sends more requests than are done while a person clicks, in a document that {@link openBusy} opened. */
export function keepBusy(page: Page): Promise<void> {
  return page.evaluate(
    ([request, count]) => {
      const send = () =>
        window.webplat?.infer(request).then(
          () => 'done',
          ({ code }: { code?: string }) => String(code),
        ) ?? 'no webplat';
      globalThis.busy = Promise.all(Array.from({ length: count }, send));
    },
    [echoOf(WORDS), REQUESTS] as const,
  );
}

/** How the requests ended: the different error codes, `done` for those that came to their end. */
export async function endsOf(page: Page): Promise<readonly string[]> {
  return [...new Set(await page.evaluate(() => globalThis.busy))];
}

/** Opens a page of the site, allows it the echo in the real prompt and keeps it busy. */
export async function openBusy(suite: Suite, name: string): Promise<Page> {
  const page = await suite.visit(name);
  await allow(suite.browser, page, { limits: { maxTokens: WORDS, maxConcurrent: REQUESTS } });
  // The first request makes the session; what follows is running as soon as it is sent.
  await infer(page, echoOf(1));
  await keepBusy(page);
  return page;
}
