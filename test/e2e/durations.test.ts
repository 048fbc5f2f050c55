import { describe, expect, it } from 'vitest';
import { allow, ECHO, echoOf, infer, queryPermission } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';

describe('how long a yes lasts', () => {
  const suite = useExtension();

  it('once: this document, and no other', async () => {
    const page = await suite.visit('once');
    const { value: [grant] = [] } = (await allow(suite.browser, page, { duration: 'once' })) as {
      value?: { lasts: string }[];
    };
    expect(grant?.lasts).toBe('document');
    const second = await suite.visit('once');
    expect(await queryPermission(second)).toEqual([]);
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
    await page.reload();
    expect(await queryPermission(page)).toEqual([]);
  });

  it('session: every document until the browser ends', async () => {
    const page = await suite.visit('session');
    await allow(suite.browser, page, { duration: 'session' });
    const [grant] = await queryPermission(await suite.visit('session'));
    expect(grant?.lasts).toBe('browser-session');
  });

  it('an hour: with its end written down', async () => {
    const page = await suite.visit('hour');
    const before = Date.now();
    await allow(suite.browser, page, { duration: 'hour' });
    const [grant] = await queryPermission(page);
    const expiry = grant?.caveats.find(({ type }) => type === 'expiry')?.value as number;
    expect(expiry).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(expiry).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  it('always: kept, with no end', async () => {
    const page = await suite.visit('always');
    await allow(suite.browser, page, { duration: 'always' });
    const [grant] = await queryPermission(page);
    expect(grant).toMatchObject({ lasts: 'persistent' });
    expect(grant?.caveats).toContainEqual({ type: 'expiry', value: 'never' });
  });

  it('an incremental request asks again and never widens silently', async () => {
    const page = await suite.visit('more');
    await allow(suite.browser, page);
    expect(await allow(suite.browser, page, { tasks: ['tensors'], reply: { click: 'deny' } })).toMatchObject({
      ok: false,
    });
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
    const grants = await queryPermission(page);
    expect(JSON.stringify(grants)).not.toContain('tensors');
    expect(JSON.stringify(grants)).toContain(ECHO);
  });
});
