import { formatTable } from '../../scripts/lib/table.ts';
import { ensureBuild } from '../../test/support/build.ts';
import type { Bench } from '../lib/bench.ts';
import { type Spread, spreadOf } from '../lib/statistics.ts';
import { measureOwnCopies } from './own-copies.ts';
import { measureShared } from './shared.ts';
import { type Growth, SITE_COUNTS } from './sites.ts';

const REPEATS = 3;

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

type PerCount = Readonly<Record<`sites${(typeof SITE_COUNTS)[number]}`, number>>;

/** Medians over the repeats, for each number of sites. */
function bytesOf(runs: readonly Growth[]): PerCount {
  const entries = SITE_COUNTS.map((count) => [
    `sites${count}`,
    spreadOf(runs.map(({ bytes }) => bytes[count - 1] ?? Number.NaN)).median,
  ]);
  return Object.fromEntries(entries) as PerCount;
}

const firstTokens = (runs: readonly Growth[], site: number): Spread =>
  spreadOf(runs.map(({ firstTokenMs }) => firstTokenMs[site] ?? Number.NaN));

/** What the second site and the fifth cost when all use one model, against a copy of their own for each. */
export const sharing: Bench = {
  name: 'sharing',
  method:
    'Five sites of five origins generate the same 32 greedy tokens from packaged:storyteller, one after the other, in a new\n' +
    'profile. First token: from the call in the page to its first piece of text; the first site finds nothing compiled and\n' +
    'nothing resident, permission was given before. Bytes: proportional set size of all processes of the browser after site\n' +
    '1, 2 and 5, less the same with all five pages open before any used the model; garbage collected. Own copies: the same\n' +
    'host, engine and graph in each page (dist-lab: onnxruntime-web in the page), isolated, so that it has as many threads.\n' +
    'Texts must agree.',
  async run() {
    const [extension, lab] = [await ensureBuild('dist'), await ensureBuild('dist-lab')];
    const shared: Growth[] = [];
    const own: Growth[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      shared.push(await measureShared(extension));
      own.push(await measureOwnCopies(extension, lab));
    }
    const texts = new Set([...shared, ...own].flatMap(({ texts }) => texts));
    if (texts.size !== 1) throw new Error(`The sites did not get the same text: ${[...texts].join(' | ')}`);
    const [first, second] = [firstTokens(shared, 0), firstTokens(shared, 1)];
    const [bytes, ownCopies] = [bytesOf(shared), bytesOf(own)];
    const warm = first.median / second.median;
    const growth = bytes.sites5 / bytes.sites1;
    const [{ browser, backend, adapter } = { browser: '', backend: '', adapter: '' }] = shared;
    const rows = SITE_COUNTS.map((count) => {
      const [together, apart] = [bytes[`sites${count}`], ownCopies[`sites${count}`]];
      return [`${count}`, mebibytes(together), mebibytes(apart), `${(apart / together).toFixed(2)}x`];
    });
    return {
      figures: {
        first: { firstTokenMs: first.median, spread: first },
        second: { firstTokenMs: second.median, spread: second },
        bytes,
        ownCopies,
        ownFirst: { firstTokenMs: firstTokens(own, 0).median },
        ownSecond: { firstTokenMs: firstTokens(own, 1).median },
        ratios: { firstToSecond: warm, fiveToOne: growth, ownFiveToShared: ownCopies.sites5 / bytes.sites5 },
        modelLoads: shared.map(({ modelLoads }) => modelLoads),
        hostBytes: spreadOf(shared.map(({ hostBytes }) => hostBytes)),
        browser,
        backend,
        adapter,
      },
      tables: [
        formatTable(
          ['first token', 'shared', 'own copies'],
          [0, 1].map((site) => [
            site === 0 ? 'first site' : 'second site',
            `${firstTokens(shared, site).median.toFixed(0)} ms`,
            `${firstTokens(own, site).median.toFixed(0)} ms`,
          ]),
        ),
        formatTable(['sites', 'shared', 'own copies', 'own copies take'], rows),
        `${browser}; ${backend}${adapter ? `, ${adapter}` : ''}; median of ${REPEATS}`,
      ],
      expectations: [
        { text: `second site's first token at least 10 times sooner (${warm.toFixed(1)}x)`, held: warm >= 10 },
        { text: `five sites take at most 1.1 times the memory of one (${growth.toFixed(2)}x)`, held: growth <= 1.1 },
        { text: 'the model was loaded once', held: shared.every(({ modelLoads }) => modelLoads === 1) },
      ],
    };
  },
};
