import { describe, expect, it } from 'vitest';
import { allow, echoOf, infer, readChunk, readRest, startStream } from '../support/page-client.ts';
import { nextPrompt, replyToPrompt } from '../support/prompt.ts';
import { controlServiceWorker } from '../support/service-worker.ts';
import { useExtension } from '../support/suite.ts';

describe('the service worker may stop at any moment', () => {
  const suite = useExtension();

  it('while idle: the next call starts it again and finds the same host', async () => {
    const page = await suite.visit('idle');
    await allow(suite.browser, page);
    await infer(page, echoOf(1));
    const worker = await controlServiceWorker(suite.browser);
    await worker.stop();
    expect(await infer(page, echoOf(2))).toMatchObject({ ok: true, value: { text: 'w0 w1' } });
    // A new document needs the background itself, not only the host.
    const second = await suite.visit('idle');
    expect(await infer(second, echoOf(2))).toMatchObject({ ok: true });
  });

  it('during a stream: nothing is lost and nothing comes twice', async () => {
    const page = await suite.visit('streaming');
    await allow(suite.browser, page);
    const request = echoOf(1000);
    await startStream(page, request);
    const first = await readChunk(page);
    const worker = await controlServiceWorker(suite.browser);
    await worker.stop();
    const { text, outcome } = await readRest(page);
    expect(`${first}${text}`).toBe(request.input);
    expect(outcome).toMatchObject({ ok: true, value: { text: request.input } });
  });

  it('during a prompt: the question stays open and the answer counts', async () => {
    const page = await suite.visit('asking');
    const opening = nextPrompt(suite.browser);
    const answer = infer(page, echoOf(2));
    const prompt = await opening;
    await prompt.locator('#allow[aria-disabled=false]').waitFor();
    const worker = await controlServiceWorker(suite.browser);
    await worker.stop();
    await replyToPrompt(prompt, { click: 'allow', duration: 'session' });
    expect(await answer).toMatchObject({ ok: true, value: { text: 'w0 w1' } });
  });

  it('during a prompt that is then denied', async () => {
    const page = await suite.visit('refusing');
    const opening = nextPrompt(suite.browser);
    const answer = infer(page, echoOf(2));
    const prompt = await opening;
    const worker = await controlServiceWorker(suite.browser);
    await worker.stop();
    await replyToPrompt(prompt, { click: 'deny' });
    expect(await answer).toMatchObject({ ok: false, code: 'permission-denied' });
  });
});
