import { describe, expect, it } from 'vitest';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { allow, echoOf, infer, queryPermission, readChunk, readRest, startStream } from '../support/page-client.ts';
import { nextPrompt, replyToPrompt } from '../support/prompt.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

describe('documents come and go', () => {
  const suite = useExtension();

  /** Sessions and running requests of a site as the user would see them. */
  async function use(name: string): Promise<{ sessions: number; active: number }> {
    const ui = await openUiClient(suite.browser);
    const { sites } = await ui.call(uiState, {});
    await ui.page.close();
    const own = sites.filter(({ subject }) => subject.invoker === suite.sites.origin(name));
    return {
      sessions: own.reduce((sum, { sessions }) => sum + sessions, 0),
      active: own.reduce((sum, { active }) => sum + active, 0),
    };
  }

  it('a tab that is closed takes its prompt with it', async () => {
    const page = await suite.visit('closing');
    const opening = nextPrompt(suite.browser);
    const answer = infer(page, echoOf(1)).catch(() => 'the page is gone');
    const prompt = await opening;
    const closed = prompt.waitForEvent('close');
    await page.close();
    await closed;
    expect(await answer).toBe('the page is gone');
    const again = await suite.visit('closing');
    expect(await allow(suite.browser, again)).toMatchObject({ ok: true });
  });

  it('a page that navigates away ends its stream and its session', async () => {
    const page = await suite.visit('leaving');
    await allow(suite.browser, page);
    await startStream(page, echoOf(2000));
    await readChunk(page);
    expect((await use('leaving')).sessions).toBe(1);
    await page.goto(`${suite.sites.origin('elsewhere')}/`);
    await expect.poll(() => use('leaving')).toEqual({ sessions: 0, active: 0 });
    await page.goBack();
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
  });

  it('two tabs of one site share its grant and keep their own sessions', async () => {
    const first = await suite.visit('twice');
    const second = await suite.visit('twice');
    await allow(suite.browser, first);
    expect(await infer(second, echoOf(2))).toMatchObject({ ok: true });
    await startStream(first, echoOf(1000));
    await readChunk(first);
    await second.close();
    const { outcome } = await readRest(first);
    expect(outcome).toMatchObject({ ok: true });
  });

  it('two tabs of one site that both ask get one prompt', async () => {
    const [first, second] = [await suite.visit('together'), await suite.visit('together')];
    const opening = nextPrompt(suite.browser);
    const answers = [infer(first, echoOf(1))];
    const prompt = await opening;
    answers.push(infer(second, echoOf(2)));
    await replyToPrompt(prompt, { click: 'allow', duration: 'session' });
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ ok: true });
    expect(suite.browser.context.pages().filter((page) => page.url().includes('prompt'))).toEqual([]);
  });

  it('a thousand requests at once are answered, each exactly once, and nothing breaks', async () => {
    const page = await suite.visit('many');
    await allow(suite.browser, page, { limits: { maxConcurrent: 64, maxRatePerMinute: 100_000 } });
    const outcomes = await page.evaluate(async () => {
      const ask = (index: number) =>
        window.webplat?.infer({ model: 'packaged:echo', task: 'text-generation', input: `n${index}` }).then(
          ({ text }) => text === `n${index}`,
          ({ code, retryable }: { code: string; retryable: boolean }) => ({ code, retryable }),
        );
      return Promise.all(Array.from({ length: 1000 }, (_, index) => ask(index)));
    });
    expect(outcomes).toHaveLength(1000);
    const refused = outcomes.filter((outcome) => outcome !== true);
    expect(outcomes.length - refused.length).toBeGreaterThanOrEqual(1);
    for (const refusal of refused) {
      expect(refusal).toMatchObject({
        code: expect.stringMatching(/^(limit-concurrency|busy|limit-rate)$/),
        retryable: true,
      });
    }
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
    expect((await use('many')).active).toBe(0);
  });

  it('an extension that is reloaded leaves a clear error, and new documents work', async () => {
    const page = await suite.visit('reloaded');
    await allow(suite.browser, page, { duration: 'always' });
    await startStream(page, echoOf(2000));
    await readChunk(page);
    suite.browser.logs.expectError(/context invalidated|disconnected/i);
    await suite.browser.reload();
    const { outcome } = await readRest(page);
    expect(outcome).toMatchObject({ ok: false, code: 'disconnected' });
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: false, code: 'disconnected' });
    await page.reload();
    expect(await queryPermission(page)).toHaveLength(1);
    expect(await infer(page, echoOf(2))).toMatchObject({ ok: true });
  });
});
