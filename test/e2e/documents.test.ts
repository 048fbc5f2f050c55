import type { Frame, Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import {
  allow,
  echoOf,
  infer,
  queryPermission,
  readChunk,
  readRest,
  runEcho,
  startStream,
} from '../support/page-client.ts';
import { html } from '../support/sites.ts';
import { useExtension } from '../support/suite.ts';

describe('documents of every kind', () => {
  const suite = useExtension();

  /** Opens a page of site `top` with one frame in it, whose attributes are given. */
  async function openFrame(top: string, src: string, attributes = ''): Promise<{ page: Page; frame: Frame }> {
    suite.sites.add(top, '/', { body: html({ body: `<iframe src="${src}" ${attributes}></iframe>` }) });
    const page = await suite.visit(top);
    const frame = page.frames().find((candidate) => candidate.parentFrame() !== null);
    if (!frame) throw new Error('The page has no frame.');
    await frame.waitForLoadState();
    return { page, frame };
  }

  it("works under a policy of default-src 'none'", async () => {
    const headers = { 'content-security-policy': "default-src 'none'; frame-src 'none'" };
    suite.sites.add('strict', '/', { body: html(), headers });
    const page = await suite.visit('strict');
    await allow(suite.browser, page);
    expect(await infer(page, echoOf(3))).toMatchObject({ ok: true, value: { text: 'w0 w1 w2' } });
  });

  it('works in an isolated document, over the slower path', async () => {
    const headers = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
    suite.sites.add('isolated', '/', { body: html(), headers });
    const page = await suite.visit('isolated');
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await allow(suite.browser, page, { tasks: ['text-generation', 'tensors'] });
    expect(await runEcho(page, [0.5, 7])).toEqual([0.5, 7]);
    const request = echoOf(600);
    await startStream(page, request);
    const first = await readChunk(page);
    expect(`${first}${(await readRest(page)).text}`).toBe(request.input);
  });

  it('a frame of another site needs a grant of its own for this place', async () => {
    const inner = suite.sites.origin('widget');
    await allow(suite.browser, await suite.visit('widget'));
    const { frame } = await openFrame('newspaper', `${inner}/`);
    expect(await queryPermission(frame)).toEqual([]);
    expect(await allow(suite.browser, frame, { reply: { click: 'deny' } })).toMatchObject({
      code: 'permission-denied',
    });
    expect(await infer(frame, echoOf(1))).toMatchObject({ ok: false });

    const { frame: other } = await openFrame('magazine', `${inner}/`);
    expect(await allow(suite.browser, other)).toMatchObject({ ok: true });
    expect(await infer(other, echoOf(1))).toMatchObject({ ok: true });
    // The pair does not speak for the frame elsewhere, nor for the site around it.
    const { frame: elsewhere, page: around } = await openFrame('journal', `${inner}/`);
    expect(await queryPermission(elsewhere)).toEqual([]);
    expect(await queryPermission(around)).toEqual([]);
  });

  it('a sandboxed frame without an origin is refused', async () => {
    suite.sites.add('sandboxing', '/inner', { body: html() });
    const { frame } = await openFrame('sandboxing', '/inner', 'sandbox="allow-scripts"');
    expect(await infer(frame, echoOf(1))).toMatchObject({ ok: false, code: 'origin-refused' });
  });

  it('a sandboxed frame that keeps its origin is a frame like any other', async () => {
    suite.sites.add('keeping', '/inner', { body: html() });
    const { page, frame } = await openFrame('keeping', '/inner', 'sandbox="allow-scripts allow-same-origin"');
    await allow(suite.browser, page);
    expect(await infer(frame, echoOf(1))).toMatchObject({ ok: true });
  });

  it('a document that is sandboxed by its own header is refused', async () => {
    suite.sites.add('boxed', '/', { body: html(), headers: { 'content-security-policy': 'sandbox allow-scripts' } });
    expect(await infer(await suite.visit('boxed'), echoOf(1))).toMatchObject({ ok: false, code: 'origin-refused' });
  });

  it('two hosts of the loopback are two sites', async () => {
    await allow(suite.browser, await suite.visit('here'));
    const other = await suite.browser.open(`${suite.sites.loopback}/`);
    expect(await queryPermission(other)).toEqual([]);
  });
});
