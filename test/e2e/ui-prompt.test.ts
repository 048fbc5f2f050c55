import { afterAll, beforeAll, expect, it } from 'vitest';
import { ECHO, LIMITS, makePrompt, STORYTELLER } from '../ui/fake-state.ts';
import { advance, overflowing, startUiBrowser, type UiBrowser } from '../ui/ui-browser.ts';

const DELAY_MS = 700;

let browser: UiBrowser;
beforeAll(async () => {
  browser = await startUiBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

const ALLOWED = {
  decision: 'allow',
  duration: { kind: 'once' },
  models: ['packaged:storyteller'],
  tasks: ['text-generation'],
  limits: LIMITS,
};
const answers = (messages: unknown[]) => messages.map((message) => (message as { answer: unknown }).answer);

it('starts on the heading, and answers with the keyboard alone', async () => {
  await using prompt = await browser.open('prompt', 'usual', { stopClock: true });
  const { page } = prompt;
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
  await advance(page, DELAY_MS);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Space');
  expect(await prompt.sent('ui.prompt.answer')).toEqual([]);
  const reached: string[] = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('Tab');
    reached.push(
      await page.evaluate(() => document.activeElement?.textContent || document.activeElement?.tagName || ''),
    );
  }
  expect(reached).toEqual(['INPUT', 'Lower the limits', 'Deny', 'Allow']);
  await page.keyboard.press('Enter');
  expect(answers(await prompt.sent('ui.prompt.answer'))).toEqual([ALLOWED]);
  await page.waitForFunction(() => globalThis.closeCalls === 1);
  expect(prompt.problems).toEqual([]);
});

it('ignores Allow until the window has held still', async () => {
  await using prompt = await browser.open('prompt', 'usual', { stopClock: true });
  const { page } = prompt;
  const allow = page.getByRole('button', { name: 'Allow', exact: true });
  await allow.click({ force: true });
  await advance(page, DELAY_MS - 100);
  await allow.click({ force: true });
  expect(await prompt.sent('ui.prompt.answer')).toEqual([]);

  await advance(page, 100);
  await page.locator('#allow[aria-disabled=false]').waitFor();
  await page.getByText('Lower the limits').click();
  await page.locator('#allow[aria-disabled=true]').waitFor();
  await allow.click({ force: true });
  await page.evaluate(() => document.getElementById('allow')?.click());
  expect(await prompt.sent('ui.prompt.answer')).toEqual([]);

  await advance(page, DELAY_MS);
  await page.evaluate(() => document.getElementById('allow')?.click());
  expect(await prompt.sent('ui.prompt.answer'), 'a click made by a script').toEqual([]);
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await allow.click({ force: true });
  expect(await prompt.sent('ui.prompt.answer'), 'the click that focuses the window').toEqual([]);
  await advance(page, DELAY_MS);
  await allow.click();
  expect(answers(await prompt.sent('ui.prompt.answer'))).toEqual([ALLOWED]);
});

it('denies at once, and takes Escape for no answer', async () => {
  for (const [act, decision] of [
    ['Deny', 'deny'],
    ['Escape', 'dismiss'],
  ] as const) {
    await using prompt = await browser.open('prompt', 'usual', { stopClock: true });
    if (act === 'Escape') await prompt.page.keyboard.press(act);
    else await prompt.page.getByRole('button', { name: act, exact: true }).click();
    expect(answers(await prompt.sent('ui.prompt.answer'))).toEqual([{ decision }]);
    await prompt.page.waitForFunction(() => globalThis.closeCalls === 1);
  }
});

it('sends what was narrowed, and refuses what was widened', async () => {
  await using prompt = await browser.open('prompt', 'incremental', { stopClock: true });
  const { page } = prompt;
  await page.getByRole('checkbox', { name: 'Use Storyteller 5M' }).uncheck();
  await page.getByRole('checkbox', { name: 'Write text' }).uncheck();
  await page.locator('input[value=month]').check();
  await page.getByText('Lower the limits').click();
  const tokens = page.getByLabel('Length of an answer');
  await tokens.fill('5000');
  await advance(page, DELAY_MS);
  expect(await tokens.getAttribute('aria-invalid')).toBe('true');
  expect(await page.locator('#allow').getAttribute('aria-disabled')).toBe('true');
  await tokens.fill('99');
  await advance(page, DELAY_MS);
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  expect(answers(await prompt.sent('ui.prompt.answer'))).toEqual([
    {
      decision: 'allow',
      duration: { kind: 'timed', ms: 30 * 86_400_000 },
      models: ['packaged:echo'],
      tasks: ['tensors'],
      limits: { ...LIMITS, maxTokens: 99 },
    },
  ]);
});

it('marks what is new in an incremental request', async () => {
  await using prompt = await browser.open('prompt', 'incremental');
  const row = (text: string) => prompt.page.getByRole('listitem').filter({ hasText: text });
  expect(await row('Storyteller 5M').textContent()).toContain('Already allowed');
  expect(await row('Repeats what it is sent').textContent()).toContain('New');
  expect(await row('4,096 tokens').textContent()).toContain('was 1,024 tokens');
});

it('says that a request was withdrawn, and closes', async () => {
  await using prompt = await browser.open('prompt', 'usual', { stopClock: true });
  await prompt.page.evaluate(() => globalThis.preview.setPrompt(null));
  await prompt.page.getByRole('heading', { name: 'This request is over' }).waitFor();
  await advance(prompt.page, 5000);
  expect(await prompt.page.evaluate(() => globalThis.closeCalls)).toBe(1);
  expect(await prompt.sent('ui.prompt.answer')).toEqual([]);
});

it('starts over when the request changes under the pointer', async () => {
  await using prompt = await browser.open('prompt', 'usual', { stopClock: true });
  const { page } = prompt;
  await advance(page, DELAY_MS);
  await page.locator('input[value=always]').check();
  await page.evaluate((view) => globalThis.preview.setPrompt(view), makePrompt({ models: [STORYTELLER, ECHO] }));
  await page.getByRole('alert').filter({ hasText: 'changed' }).waitFor();
  expect(await page.locator('#allow').getAttribute('aria-disabled')).toBe('true');
  expect(await page.locator('input[value=once]').isChecked()).toBe(true);
});

it('shows hostile text as text, whole and inside the window', async () => {
  for (const width of [230, 320, 480]) {
    await using prompt = await browser.open('prompt', 'hostile', { width });
    const { page } = prompt;
    const heading = (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
    expect(heading).toMatch(
      /^A frame of https:\/\/accounts\.login\..+\.example\.co\.uk:8443 inside https:\/\/xn--80ak6aa92e\.com /,
    );
    const reason = page.locator('blockquote');
    expect(await reason.textContent()).toContain('<b>now</b>');
    expect(await reason.textContent()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    expect(await reason.locator('*').count()).toBe(0);
    expect(await overflowing(page)).toEqual([]);
    expect(prompt.problems).toEqual([]);
  }
});
