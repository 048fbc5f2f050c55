import type { Page } from 'playwright';
import type { InferRequest } from '../../content/webplat.d.ts';

/** What a page says about the first token of one request. */
export interface FirstToken {
  readonly ms: number;
  readonly text: string;
  readonly backend: string;
  readonly adapter: string;
}

/** Milliseconds from the call in the page to its first piece of text; the text is that of the whole request. */
export const firstToken = (page: Page, request: InferRequest): Promise<FirstToken> =>
  page.evaluate(streamInPage, request);

/** Runs in the page. */
async function streamInPage(request: InferRequest): Promise<FirstToken> {
  const start = performance.now();
  const stream = window.webplat?.stream(request);
  if (!stream) throw new Error('There is no window.webplat.');
  let firstAt = 0;
  for await (const { text } of stream) if (text && firstAt === 0) firstAt = performance.now();
  const { text, execution } = await stream.result;
  return { ms: firstAt - start, text, backend: execution.backend, adapter: execution.adapter ?? '' };
}
