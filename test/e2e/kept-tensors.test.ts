import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import type { ErrorCode, KeptTensor, Session, Tensor } from '../../content/webplat.d.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { allow, ECHO } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

declare global {
  var kept: KeptTensor | undefined;
  var chat: Session | undefined;
}

/** Keeps one float32 tensor under `globalThis.kept`, and tells what the page was given. */
const keepIn = (page: Page, elements: number) =>
  page.evaluate(
    async ([model, length]) => {
      const x: Tensor = { dtype: 'float32', dims: [length], data: new Float32Array(length).fill(2) };
      const result = await window.webplat?.run({ model, inputs: { x, y: x }, keep: ['x'] });
      globalThis.kept = result?.kept?.x;
      const { kept, dtype, dims } = globalThis.kept ?? {};
      return {
        outputs: Object.keys(result?.outputs ?? {}),
        kept,
        dtype,
        dims,
        frozen: Object.isFrozen(globalThis.kept),
      };
    },
    [ECHO, elements] as const,
  );

/** Feeds a tensor that is kept under `id`, or under `globalThis.kept`, and reads what comes back. */
const feedIn = (page: Page, id?: string) =>
  page.evaluate(
    async ([model, name]) => {
      const x = name === undefined ? globalThis.kept : ({ ...globalThis.kept, kept: name } as KeptTensor);
      try {
        const result = await window.webplat?.run({ model, inputs: { x: x as KeptTensor } });
        return [...((result?.outputs.x?.data ?? []) as Float32Array)];
      } catch (error) {
        return (error as { code?: ErrorCode }).code;
      }
    },
    [ECHO, id] as const,
  );

const codeOf = (page: Page, call: 'read' | 'release') =>
  page.evaluate(
    (name) =>
      globalThis.kept?.[name]().then(
        () => 'done',
        (error: { code?: ErrorCode }) => error.code,
      ),
    call,
  );

describe('a tensor that is kept', () => {
  const suite = useExtension();

  async function visit(name: string, limits = {}): Promise<Page> {
    const page = await suite.visit(name);
    expect(await allow(suite.browser, page, { models: [ECHO], tasks: ['tensors'], limits })).toMatchObject({
      ok: true,
    });
    return page;
  }

  it('stays where it was computed, and is fed, read and released', async () => {
    const page = await visit('keeps');
    expect(await keepIn(page, 3)).toEqual({
      outputs: ['y'],
      kept: expect.stringMatching(/^[0-9a-f]{32}$/),
      dtype: 'float32',
      dims: [3],
      frozen: true,
    });
    expect(await feedIn(page)).toEqual([2, 2, 2]);
    expect(await feedIn(page)).toEqual([2, 2, 2]);
    const read = await page.evaluate(async () => {
      const tensor = await globalThis.kept?.read();
      return [tensor?.dtype, tensor?.dims, [...((tensor?.data ?? []) as Float32Array)]];
    });
    expect(read).toEqual(['float32', [3], [2, 2, 2]]);
    expect(await codeOf(page, 'release')).toBe('done');
    expect(await codeOf(page, 'release')).toBe('done');
    expect(await codeOf(page, 'read')).toBe('tensor-unknown');
    expect(await feedIn(page)).toBe('tensor-unknown');
  });

  it('is nothing to another site that knows its name, nor to another document of the same', async () => {
    const owner = await visit('owner');
    const { kept } = await keepIn(owner, 2);
    const [thief, sibling] = [await visit('thief'), await suite.visit('owner')];
    expect(await feedIn(thief, kept)).toBe('tensor-unknown');
    expect(await feedIn(sibling, kept)).toBe('tensor-unknown');
    expect(await feedIn(owner)).toEqual([2, 2]);
  });

  it('ends with the permission, and counts as memory of the site until then', async () => {
    const page = await visit('counted', { maxMemoryBytes: 2_000_000 });
    await keepIn(page, 250_000);
    const ui = await openUiClient(suite.browser);
    const held = async () => {
      const { host } = await ui.call(uiState, {});
      return Math.max(0, ...(host?.sessions.map(({ residentBytes }) => residentBytes) ?? []));
    };
    await expect.poll(held).toBeGreaterThanOrEqual(1_000_000);
    const full = await keepIn(page, 300_000).catch((error: Error) => error.message);
    expect(full).toContain('release what is held');
    await page.evaluate(() => window.webplat?.permissions.revoke());
    await expect.poll(() => codeOf(page, 'read')).toBe('tensor-unknown');
    await expect.poll(held).toBeLessThan(1_000_000);
  });

  it('and a chat say at once that their session ended', async () => {
    const page = await suite.visit('ended');
    const tasks = ['tensors', 'text-generation'] as const;
    expect(await allow(suite.browser, page, { models: [ECHO], tasks })).toMatchObject({ ok: true });
    await keepIn(page, 2);
    await page.evaluate(async (model) => {
      globalThis.chat = await window.webplat?.session({ model });
      await window.webplat?.permissions.revoke();
    }, ECHO);
    const late = () =>
      page.evaluate(() => {
        const code = (error: { code?: ErrorCode }) => error.code;
        return Promise.all([globalThis.chat?.prompt('x').catch(code), globalThis.kept?.read().catch(code)]);
      });
    await expect.poll(late).toEqual(['chat-unknown', 'tensor-unknown']);
  });

  it.each([
    ['keep that is no list', `keep: 'x'`],
    ['a name that is no text', 'keep: [7]'],
    ['too many names', `keep: Array(257).fill('x')`],
    ['an output that there is none of', `keep: ['z']`],
    ['a name of something kept that is none', `inputs: { x: { kept: 'short' } }`],
    ['a getter that throws', `inputs: { x: { get kept() { throw new Error('mine'); } } }`],
  ])('is not had by %s', async (_what, field) => {
    const page = await suite.visit('keeps');
    const answer = await page.evaluate(
      `webplat.run({ model: '${ECHO}', inputs: { x: { dtype: 'int8', dims: [1], data: new Int8Array(1) } }, ${field} })
        .then(() => 'ran', (error) => error.code)`,
    );
    expect(answer).toBe('invalid-request');
  });
});
