import type { Page } from 'playwright';
import { formatTable } from '../../scripts/lib/table.ts';
import { uiGrantRevoke } from '../../src/protocol/ui/ui-grant-revoke.ts';
import { ensureBuild } from '../../test/support/build.ts';
import { type ExtensionBrowser, launchExtension } from '../../test/support/extension-browser.ts';
import { allow, readChunk, startStream, streamOutcome } from '../../test/support/page-client.ts';
import { serveSites } from '../../test/support/sites.ts';
import { openUiClient } from '../../test/support/ui-client.ts';
import type { Bench } from '../lib/bench.ts';
import { percentile, spreadOf } from '../lib/statistics.ts';

const ROUNDS = 15;
const MODELS = ['packaged:echo', 'packaged:storyteller'] as const;
/** As docs/permissions.md promises, from the message of the user to the end of the work. */
const DEADLINE_MS = 100;

declare global {
  /** Only in the pages of this bench: when the stream ended, by the clock that all processes share. */
  var streamEndedAt: Promise<number> | undefined;
}

interface Round {
  readonly byUserMs: number;
  readonly byPageMs: number;
}

/** Allows the site a model and starts a stream that lasts until it is ended. */
async function running(browser: ExtensionBrowser, page: Page, model: string): Promise<void> {
  const granted = await allow(browser, page, { models: [model], limits: { maxTokens: 32_768 } });
  if (!granted.ok) throw new Error(granted.message);
  const words = Array.from({ length: 2_000 }, (_, index) => `w${index}`).join(' ');
  const input = model === 'packaged:echo' ? words : 'Once upon a time';
  await startStream(page, { model, task: 'text-generation', input, options: { temperature: 1, seed: 1 } });
  if ((await readChunk(page)) === undefined) throw new Error('The stream ended by itself.');
  await page.evaluate(() => {
    globalThis.streamEndedAt = globalThis.running?.outcome.then(() => Date.now());
  });
}

async function endedAt(page: Page): Promise<number> {
  const outcome = await streamOutcome(page);
  if (outcome.ok || outcome.code !== 'permission-revoked') throw new Error('The stream did not end by the revocation.');
  return (await page.evaluate(() => globalThis.streamEndedAt)) ?? Number.NaN;
}

async function measure(extension: string, model: string): Promise<{ rounds: Round[]; browser: string }> {
  const sites = await serveSites();
  const browser = await launchExtension({ extension, adapter: 'auto' });
  try {
    const page = await browser.open(`${sites.origin('site')}/`);
    const ui = await openUiClient(browser);
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await page.bringToFront();
      await running(browser, page, model);
      const sentAt = Date.now();
      await ui.call(uiGrantRevoke, { all: true });
      const byUserMs = (await endedAt(page)) - sentAt;
      await running(browser, page, model);
      const calledAt = await page.evaluate(() => {
        const now = Date.now();
        void window.webplat?.permissions.revoke();
        return now;
      });
      rounds.push({ byUserMs, byPageMs: (await endedAt(page)) - calledAt });
    }
    return { rounds, browser: browser.version };
  } finally {
    await browser.close();
    await sites.close();
  }
}

/** How soon running work ends when its permission is withdrawn. */
export const revocation: Bench = {
  name: 'revocation',
  method:
    `A stream runs; its permission is withdrawn by a message of the manager, or by the page itself; until the page's stream has failed\n` +
    `with permission-revoked. ${ROUNDS} times each, on the echo and on the packaged model.`,
  async run() {
    const extension = await ensureBuild('dist');
    const results = [];
    let browser = '';
    for (const model of MODELS) {
      const measured = await measure(extension, model);
      browser = measured.browser;
      const [byUser, byPage] = [
        measured.rounds.map(({ byUserMs }) => byUserMs),
        measured.rounds.map(({ byPageMs }) => byPageMs),
      ];
      results.push({
        model,
        byUser: { ...spreadOf(byUser), p90: percentile(byUser, 0.9) },
        byPage: { ...spreadOf(byPage), p90: percentile(byPage, 0.9) },
      });
    }
    const show = ({ median, min, max }: { median: number; min: number; max: number }) =>
      `${median.toFixed(0)} ms (${min.toFixed(0)}-${max.toFixed(0)})`;
    return {
      figures: { results, rounds: ROUNDS, browser },
      tables: [
        formatTable(
          ['model', 'by the user (range)', 'by the page (range)', 'of the 100 ms promised'],
          results.map(({ model, byUser, byPage }) => [
            model,
            show(byUser),
            show(byPage),
            `${(byUser.median / DEADLINE_MS).toFixed(2)}x, ${(byPage.median / DEADLINE_MS).toFixed(2)}x`,
          ]),
        ),
        browser,
      ],
      expectations: [
        {
          text: `running work ends within ${DEADLINE_MS} ms, nine times of ten`,
          held: results.every(({ byUser, byPage }) => Math.max(byUser.p90, byPage.p90) <= DEADLINE_MS),
        },
      ],
    };
  },
};
