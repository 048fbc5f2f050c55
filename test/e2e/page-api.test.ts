import { describe, expect, it } from 'vitest';
import { allow, ECHO, echoOf, infer, queryPermission, runEcho } from '../support/page-client.ts';
import { nextPrompt, replyToPrompt } from '../support/prompt.ts';
import { html } from '../support/sites.ts';
import { useExtension } from '../support/suite.ts';

describe('window.webplat', () => {
  const suite = useExtension();

  it('is frozen, cannot be replaced, and is there before the first script of the page', async () => {
    const head = '<script>window.early = typeof window.webplat</script>';
    suite.sites.add('early', '/', { body: html({ head }) });
    const page = await suite.visit('early');
    const facts = await page.evaluate(() => {
      const { webplat } = window;
      try {
        Object.assign(window, { webplat: 'replaced' });
      } catch {
        // Strict code throws, sloppy code is ignored: either way nothing changes.
      }
      return {
        early: (window as unknown as { early: string }).early,
        frozen: [webplat, webplat?.permissions, webplat?.models].every((part) => Object.isFrozen(part)),
        same: window.webplat === webplat,
        version: webplat?.version,
      };
    });
    expect(facts).toEqual({ early: 'object', frozen: true, same: true, version: 1 });
  });

  it('announces itself to a page that asks, without naming the extension', async () => {
    const page = await suite.visit('asks');
    const info = await page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          window.addEventListener('webplat:announce', ({ detail }) =>
            resolve(JSON.stringify({ ...detail.info, same: detail.provider === window.webplat })),
          );
          window.dispatchEvent(new Event('webplat:request'));
        }),
    );
    expect(JSON.parse(info)).toMatchObject({ name: 'webplat', same: true });
    expect(info).not.toContain(suite.browser.extensionId);
  });

  it('asks in a window of the extension, then answers', async () => {
    const page = await suite.visit('first');
    const opening = nextPrompt(suite.browser);
    const answer = infer(page, echoOf(3));
    const prompt = await opening;
    expect(await prompt.locator('h1').textContent()).toContain('first.localhost');
    await replyToPrompt(prompt, { click: 'allow' });
    expect(await answer).toMatchObject({ ok: true, value: { text: 'w0 w1 w2', execution: { backend: 'ECHO' } } });
  });

  it('holds a denial against the site without asking again', async () => {
    const page = await suite.visit('denied');
    expect(await allow(suite.browser, page, { reply: { click: 'deny' } })).toMatchObject({ code: 'permission-denied' });
    expect(await infer(page, echoOf(1))).toMatchObject({ code: 'permission-denied' });
  });

  it('takes a closed window as no answer', async () => {
    const page = await suite.visit('dismissed');
    const closed = await allow(suite.browser, page, { reply: { click: 'close' } });
    expect(closed).toMatchObject({ code: 'permission-dismissed' });
    expect(await allow(suite.browser, page)).toMatchObject({ ok: true });
  });

  it('needs a user who acts', async () => {
    const script = `<script type="module">
      window.failure = webplat.infer({ model: '${ECHO}', task: 'text-generation', input: 'x' }).catch(({ code }) => code);
    </script>`;
    suite.sites.add('idle', '/', { body: html({ body: script }) });
    const page = await suite.visit('idle');
    // Asked for by its promise's text, because evaluating in the page would itself count as activation before the call.
    expect(await page.evaluate(() => (window as unknown as { failure: Promise<string> }).failure)).toBe(
      'activation-required',
    );
  });

  it('lists nothing and prompts for nothing before a grant', async () => {
    const page = await suite.visit('stranger');
    const seen = await page.evaluate(async () => ({
      capabilities: await window.webplat?.capabilities(),
      models: await window.webplat?.models.list(),
      present: await window.webplat?.models.availability({ model: 'packaged:echo' }),
      absent: await window.webplat?.models.availability({ model: 'packaged:absent' }),
    }));
    expect(seen.capabilities).toMatchObject({ granted: false, tiers: [] });
    expect(seen.models).toEqual([]);
    expect(seen.present).toEqual(seen.absent);
  });

  it('carries tensors there and back', async () => {
    const page = await suite.visit('tensors');
    await allow(suite.browser, page, { tasks: ['tensors'] });
    expect(await runEcho(page, [1, 2.5, -3])).toEqual([1, 2.5, -3]);
  });

  it('shows a conversation and what it takes of the context', async () => {
    const page = await suite.visit('chat');
    await allow(suite.browser, page);
    const turns = await page.evaluate(async () => {
      const chat = await window.webplat?.session({ model: 'packaged:echo' });
      const first = await chat?.prompt('hello there');
      const copy = await chat?.clone();
      const streamed: string[] = [];
      for await (const { text } of copy?.promptStreaming('once more') ?? []) streamed.push(text);
      await chat?.destroy();
      await chat?.destroy();
      const late = await chat?.prompt('x').catch(({ code }: { code: string }) => code);
      return { first: first?.text, streamed: streamed.join(''), late, used: copy?.contextUsage.usedTokens };
    });
    expect(turns).toMatchObject({ first: 'hello there', streamed: 'once more', late: 'chat-unknown' });
  });

  it('aborts when its signal does', async () => {
    const page = await suite.visit('aborts');
    await allow(suite.browser, page);
    const reason = await page.evaluate(async () => {
      const stop = new AbortController();
      const stream = window.webplat?.stream({
        model: 'packaged:echo',
        task: 'text-generation',
        input: 'word '.repeat(1000),
        options: { maxNewTokens: 1000 },
        signal: stop.signal,
      });
      const reader = stream?.getReader();
      await reader?.read();
      stop.abort(new Error('enough'));
      return stream?.result.catch((error: Error) => error.message);
    });
    expect(reason).toBe('enough');
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
  });

  it('gives back what it holds', async () => {
    const page = await suite.visit('gives-back');
    await allow(suite.browser, page);
    expect(await queryPermission(page)).toHaveLength(1);
    expect(await page.evaluate(() => window.webplat?.permissions.revoke())).toBe(1);
    expect(await queryPermission(page)).toEqual([]);
  });
});
