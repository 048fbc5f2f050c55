import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { ALL_METHODS } from '../../src/protocol/methods.ts';
import { type IsolatedWorld, isolatedWorld } from '../support/isolated-world.ts';
import { answerPrompt } from '../support/prompt.ts';
import { useExtension } from '../support/suite.ts';
import { HOSTILE_CASES } from './cases.ts';

/**
 * Messages sent by code that took over a page's process and so speaks for the relay: nothing checks them before the
 * trusted side does. What comes back is the code of the error, or the value that should not have been there.
 */
const HELPERS = `
  globalThis.hostile = {
    control(method, params) { return hostile.ask(chrome.runtime.connect({ name: 'webplat.control' }), (envelope) => ({ envelope, activated: true }), method, params); },
    ask(port, wrap, method, params) {
      return new Promise((resolve) => {
        port.onMessage.addListener((answer) => {
          if (answer.kind === 'result') resolve({ value: answer.value });
          if (answer.kind === 'error') resolve({ code: answer.error.code, message: answer.error.message });
        });
        port.onDisconnect.addListener(() => resolve({ code: 'closed' }));
        port.postMessage(wrap({ kind: 'call', id: 1, method, params, credit: 8 }));
      });
    },
    async open(token) {
      const port = chrome.runtime.connect({ name: 'webplat.data' });
      await new Promise((resolve) => {
        port.onMessage.addListener(resolve);
        port.onDisconnect.addListener(resolve);
        port.postMessage({ token, probe: new Uint8Array([1, 2, 3]) });
      });
      return port;
    },
    async data(method, params) { return hostile.ask(await hostile.open(hostile.token), (envelope) => envelope, method, params); },
    oneShot(channel, method, params) {
      return new Promise((resolve) => chrome.runtime.sendMessage({ channel, method, params }, (reply) =>
        resolve(chrome.runtime.lastError || reply === undefined ? { code: 'closed' } : reply.ok ? { value: reply.value } : { code: reply.error.code })));
    },
  };
`;

const byChannel = (...channels: string[]) => ALL_METHODS.filter(({ channel }) => channels.includes(channel));
const REFUSALS = ['invalid-request', 'unknown-method', 'closed'];

describe('a compromised page process', () => {
  const suite = useExtension();
  let page: Page;
  let world: IsolatedWorld;

  async function enter(): Promise<void> {
    page = await suite.visit('hostile');
    world = await isolatedWorld(suite.browser, page);
    await world.evaluate(HELPERS);
  }
  const ask = (how: string, name: string, params: string, channel = '') =>
    world.evaluate(`hostile.${how}(${channel}${JSON.stringify(name)}, ${params})`) as Promise<{
      code?: string;
      message?: string;
      value?: unknown;
    }>;

  describe.each(byChannel('control'))('sends $name on the control channel', ({ name }) => {
    it('and every malformed variant is refused', async () => {
      await enter();
      for (const params of HOSTILE_CASES[name] ?? []) {
        const answer = await ask('control', name, params);
        expect(REFUSALS, `${name} ${params}: ${JSON.stringify(answer)}`).toContain(answer.code);
        expect(answer.message ?? '', params).not.toMatch(/\bat \S+:\d+|\/[a-z]+\/[a-z]+\.(ts|js)|https:\/\/bank/);
      }
    });
  });

  describe.each(byChannel('data'))('sends $name on the data channel', ({ name }) => {
    it('and every malformed variant is refused', async () => {
      await enter();
      const answered = answerPrompt(suite.browser, { click: 'allow' });
      const opening = ask(
        'control',
        'session.open',
        '({ models: ["packaged:echo"], tasks: ["text-generation", "tensors"] })',
      );
      await answered;
      const { value } = await opening;
      await world.evaluate(`hostile.token = ${JSON.stringify((value as { token: string }).token)}`);
      for (const params of HOSTILE_CASES[name] ?? []) {
        const answer = await ask('data', name, params);
        expect(REFUSALS, `${name} ${params}: ${JSON.stringify(answer)}`).toContain(answer.code);
      }
    });
  });

  describe('sends messages of other parties', () => {
    it.each(byChannel('host', 'report', 'ui', 'files', 'bridge'))(
      '$name, and is refused',
      async ({ name, channel }) => {
        await enter();
        for (const params of HOSTILE_CASES[name] ?? []) {
          for (const pretended of new Set([channel, 'host', 'ui'])) {
            const answer = await ask('oneShot', name, params, `${JSON.stringify(pretended)}, `);
            expect(REFUSALS, `${name} as ${pretended}: ${JSON.stringify(answer)}`).toContain(answer.code);
          }
          expect(REFUSALS).toContain((await ask('control', name, params)).code);
        }
      },
    );
  });

  it('cannot use a token that was not minted for it', async () => {
    await enter();
    await world.evaluate(`hostile.token = ${JSON.stringify('f'.repeat(32))}`);
    const answer = await ask('data', 'run', '({ model: "packaged:echo", inputs: {} })');
    expect(['closed', 'session-ended']).toContain(answer.code);
  });

  it('leaves no trace in the prototypes of the trusted side', async () => {
    await enter();
    await ask(
      'control',
      'models.availability',
      `JSON.parse('{"model":"packaged:echo","__proto__":{"polluted":true}}')`,
    );
    await ask(
      'control',
      'permissions.request',
      `JSON.parse('{"models":["packaged:echo"],"constructor":{"prototype":{"polluted":true}}}')`,
    );
    const targets = suite.browser.targets.all().filter(({ url }) => url.startsWith('chrome-extension://'));
    for (const { channel } of targets) {
      const { result } = (await channel.send('Runtime.evaluate', { expression: '({}).polluted === undefined' })) as {
        result: { value: unknown };
      };
      expect(result.value).toBe(true);
    }
  });
});
