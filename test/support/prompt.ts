import type { Page } from 'playwright';
import type { DurationChoice } from '../../src/ui/model/durations.ts';
import type { ExtensionBrowser } from './extension-browser.ts';

const PROMPT = 'src/ui/prompt/index.html';

/** What a person does with the prompt window. */
export type PromptReply =
  | { readonly click: 'allow'; readonly duration?: DurationChoice }
  | { readonly click: 'deny' }
  | { readonly click: 'close' };

/** Whether a page is a prompt window. */
export const isPromptUrl = ({ url }: ExtensionBrowser, address: string): boolean => address.startsWith(url(PROMPT));

/** The prompt window that is open, or the next one to open. */
export async function nextPrompt(browser: ExtensionBrowser): Promise<Page> {
  const { context } = browser;
  const isPrompt = (page: Page) => isPromptUrl(browser, page.url());
  const open = context.pages().find(isPrompt);
  if (open) return open;
  return context.waitForEvent('page', {
    predicate: async (page) => {
      await page.waitForURL(/./);
      return isPrompt(page);
    },
  });
}

/** Answers a prompt by real input: waits until the window takes an answer, then clicks. Settles when it is closed. */
export async function replyToPrompt(prompt: Page, reply: PromptReply): Promise<void> {
  if (reply.click === 'close') {
    await prompt.close();
    return;
  }
  await prompt.bringToFront();
  if (reply.click === 'allow' && reply.duration) await prompt.check(`input[name=duration][value=${reply.duration}]`);
  const closed = prompt.waitForEvent('close');
  // Allow becomes ready after the delay that guards against click-jacking.
  if (reply.click === 'allow') await prompt.locator('#allow[aria-disabled=false]').waitFor();
  await prompt.click(`#${reply.click}`);
  await closed;
}

/** Waits for the next prompt and answers it; start it before the call that makes the window open. */
export async function answerPrompt(browser: ExtensionBrowser, reply: PromptReply): Promise<void> {
  await replyToPrompt(await nextPrompt(browser), reply);
}
