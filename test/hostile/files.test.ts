import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { FILES_METHODS, HOST_METHODS, UI_METHODS } from '../../src/protocol/methods.ts';
import { openManager } from '../support/manager.ts';
import { storedFiles } from '../support/private-files.ts';
import { useExtension } from '../support/suite.ts';
import { HOSTILE_CASES } from './cases.ts';

/** Opens a port as the manager does and says everything on it at once; the answers that come are kept in `heard`. */
const HELPERS = `
  globalThis.heard = [];
  globalThis.askHost = async (word, ...messages) => {
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve) => {
      port1.onmessage = ({ data }) => {
        heard.push(data.ok ? 'ok' : data.error.code);
        resolve(heard[0]);
      };
    });
    active.postMessage(word, [port2]);
    for (const message of messages) port1.postMessage(message);
    return answer;
  };
`;

const WORD = '{ method: "bridge.files", params: {} }';
const REFUSALS = ['invalid-request', 'unknown-method'];

describe('the way of files to the host', () => {
  const suite = useExtension();

  /** The first answer. */
  const ask = (page: Page, word: string, ...messages: string[]) =>
    page.evaluate(`(() => { ${HELPERS} return askHost(${[word, ...messages].join(', ')}); })()`) as Promise<string>;
  /** Says it without waiting for an answer that may never come. */
  const say = (page: Page, word: string, ...messages: string[]) =>
    page.evaluate(`(() => { ${HELPERS} void askHost(${[word, ...messages].join(', ')}); })()`);
  const heard = (page: Page) => page.evaluate('globalThis.heard') as Promise<string[]>;
  const request = (method: string, params: string) => `{ method: ${JSON.stringify(method)}, params: ${params} }`;
  const inspect = request('files.inspect', '{ archive: new Blob(["x"]) }');

  it.each(FILES_METHODS.map(({ name }) => name))('refuses every malformed variant of %s', async (name) => {
    const manager = await openManager(suite.browser);
    for (const params of HOSTILE_CASES[name] ?? []) {
      const answer = await ask(manager, WORD, request(name, params));
      expect(REFUSALS, `${name} ${params}: ${answer}`).toContain(answer);
    }
    expect(await storedFiles(manager)).toEqual([]);
  });

  it('carries no other message', async () => {
    const manager = await openManager(suite.browser);
    for (const { name } of [...HOST_METHODS, ...UI_METHODS]) {
      expect(await ask(manager, WORD, request(name, '{}')), name).toBe('unknown-method');
    }
    for (const message of ['null', '7', '{ method: "files.export", params: {}, origin: "x" }', '{ method: 7 }'])
      expect(await ask(manager, WORD, message), message).toBe('invalid-request');
  });

  it('is one request long', async () => {
    const manager = await openManager(suite.browser);
    expect(await ask(manager, WORD, inspect, inspect, inspect)).toBe('files-refused');
    const other = await openManager(suite.browser);
    expect(await ask(other, WORD, inspect)).toBe('files-refused');
    expect(await heard(manager)).toEqual(['files-refused']);
  });

  it('is open to the manager alone, and only by its own word', async () => {
    const manager = await openManager(suite.browser);
    for (const word of [
      'null',
      '{ method: "bridge.files", params: { all: 1 } }',
      '{ method: "host.files", params: {} }',
    ])
      expect(await ask(manager, word, inspect), word).toBe('disconnected');
    for (const path of ['content/bridge.html', 'src/ui/popup/index.html', 'src/ui/prompt/index.html']) {
      const page = await suite.browser.open(suite.browser.url(path));
      await say(page, WORD, inspect);
      // The service worker takes messages in their order: what comes later was answered, and this was not.
      expect(await ask(manager, WORD, inspect)).toBe('files-refused');
      expect(await heard(page), path).toEqual([]);
      await page.close();
    }
  });
});
