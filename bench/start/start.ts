import { setTimeout as pause } from 'node:timers/promises';
import type { InferRequest } from '../../content/webplat.d.ts';
import { formatTable } from '../../scripts/lib/table.ts';
import { uiAct } from '../../src/protocol/ui/ui-act.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { ensureBuild } from '../../test/support/build.ts';
import {
  type ExtensionBrowser,
  launchExtension,
  makeProfile,
  type Profile,
} from '../../test/support/extension-browser.ts';
import { generatedRepo, MISTRAL_7B } from '../../test/support/hub/generated.ts';
import { type Hub, hubSettings, serveHub } from '../../test/support/hub/hub.ts';
import { allow } from '../../test/support/page-client.ts';
import { type Sites, serveSites } from '../../test/support/sites.ts';
import { openUiClient, type UiClient } from '../../test/support/ui-client.ts';
import type { Bench, BenchOptions } from '../lib/bench.ts';
import { sayProgress } from '../lib/progress.ts';
import { type Quartiles, quartilesOf } from '../lib/statistics.ts';
import { type FirstToken, firstToken } from './first-token.ts';

const ROUNDS = 3;
const SECOND_SOONER = 3;
/** First inference takes at most so much of one without warming: 45 % sooner. */
const WARM_SHARE = 0.55;
const POLL_MS = 100;
/** What the hub gives each connection in a second, as a line that is shared would. */
const CONNECTION_BYTES_PER_S = 3e6;

/** 0.06 billion parameters: seconds of conversion, not minutes. */
const MIDDLE = {
  ...MISTRAL_7B,
  vocabulary: 32_000,
  hidden: 512,
  intermediate: 1376,
  layers: 8,
  heads: 8,
  keyValueHeads: 8,
  contextTokens: 1024,
  shards: 1,
};

interface StartedModel {
  readonly name: string;
  readonly what: string;
  readonly model: string;
  /** Whether it can be pinned, as downloaded models can; only those are warmed. */
  readonly pinned?: true;
}

const MODELS: readonly StartedModel[] = [
  { name: 'packaged', what: 'the packaged model', model: 'packaged:storyteller' },
  { name: 'middle', what: 'a decoder of 58 million parameters from a hub', model: 'hf:org/middle', pinned: true },
];

/** Starts of a browser in one profile, in their order. */
const STARTS = ['first', 'second', 'warmed'] as const;
type Start = (typeof STARTS)[number];
type Samples = Record<Start, number[]>;

interface Setting {
  readonly extension: string;
  readonly hub: Hub;
  readonly sites: Sites;
  readonly profile: Profile;
  readonly request: InferRequest;
  say(text: string): void;
}

const requestOf = (model: string): InferRequest => ({
  model,
  task: 'text-generation',
  input: 'Once upon a time',
  options: { maxNewTokens: 4 },
});

/** One life of the browser: what happens in it, and the first token of its only request. */
async function live(
  { extension, sites, profile, request, say }: Setting,
  before: (browser: ExtensionBrowser, ui: UiClient) => Promise<void>,
  { grant, after }: { readonly grant: boolean; readonly after?: (ui: UiClient) => Promise<unknown> },
): Promise<FirstToken> {
  const browser = await launchExtension({ extension, adapter: 'auto', profile });
  try {
    const ui = await openUiClient(browser);
    await before(browser, ui);
    const page = await browser.open(`${sites.origin('site')}/`);
    if (grant) {
      const granted = await allow(browser, page, { models: [request.model], duration: 'always' });
      if (!granted.ok) throw new Error(granted.message);
    }
    const answer = await firstToken(page, request);
    say(`${request.model}: first token after ${answer.ms.toFixed(0)} ms`);
    await after?.(ui);
    return answer;
  } finally {
    await browser.close();
  }
}

/** Settles when the model that is warmed is ready. */
async function warmed(ui: UiClient, model: string): Promise<void> {
  for (;;) {
    const { host } = await ui.call(uiState, {});
    if (host?.residents.some(({ name, state }) => name === model && state === 'ready')) return;
    await pause(POLL_MS);
  }
}

/** One profile: a start that finds nothing, one that finds everything on disk, and of a model that can be pinned, one that was warmed. */
async function round(setting: Setting, pinned: boolean): Promise<Partial<Record<Start, FirstToken>>> {
  const { request, hub } = setting;
  const first = await live(setting, (_, ui) => ui.call(uiSettingsSet, hubSettings(hub)).then(() => {}), {
    grant: true,
  });
  const second = await live(setting, async () => {}, {
    grant: false,
    async after(ui) {
      if (!pinned) return;
      const { outcome } = await ui.call(uiAct, { model: request.model, act: 'pin' });
      if (outcome !== 'done') throw new Error(`${request.model} could not be pinned.`);
    },
  });
  if (!pinned) return { first, second };
  const ahead = await live(setting, (_, ui) => warmed(ui, request.model), { grant: false });
  return { first, second, warmed: ahead };
}

/** From a call in a page to its first token: in a new profile, after a restart, and with the model warmed at the start. */
export const start: Bench = {
  name: 'start',
  method:
    'A new profile in each round: the browser starts, a site is allowed a model for good and asks for its first tokens (download,\n' +
    'conversion and compilation included); the browser is closed and started again, and the site asks again; a model that\n' +
    'can be pinned is, the browser is closed and started again, and the site asks once the model was warmed. First token: from the call in the page\n' +
    'to its first piece of text. The hub gives each connection 3 MB a second.\n' +
    `${ROUNDS} rounds of both models in turns; medians and quartiles. Texts must agree.`,
  async run({ parts = [] }: BenchOptions = {}) {
    const chosen = parts.length > 0 ? MODELS.filter(({ name }) => parts.includes(name)) : MODELS;
    const extension = await ensureBuild('dist');
    const hub = await serveHub({ 'org/middle': await generatedRepo(MIDDLE) }, { bytesPerS: CONNECTION_BYTES_PER_S });
    const sites = await serveSites();
    const say = sayProgress();
    const samples = new Map<string, Samples>(chosen.map(({ name }) => [name, { first: [], second: [], warmed: [] }]));
    const where = new Set<string>();
    try {
      for (let at = 0; at < ROUNDS; at += 1) {
        for (const { name, model, pinned = false } of chosen) {
          const profile = await makeProfile();
          try {
            const tokens = await round({ extension, hub, sites, profile, request: requestOf(model), say }, pinned);
            const texts = new Set(Object.values(tokens).map(({ text }) => text));
            if (texts.size !== 1) throw new Error(`${model} did not say the same: ${[...texts].join(' | ')}`);
            for (const key of STARTS) {
              const token = tokens[key];
              if (!token) continue;
              samples.get(name)?.[key].push(token.ms);
              where.add([token.backend, token.adapter].filter(Boolean).join(', '));
            }
          } finally {
            await profile.remove();
          }
        }
      }
    } finally {
      await sites.close();
      await hub.close();
    }
    const results = chosen.map(({ name, what, pinned = false }) => {
      const of = (key: Start) => quartilesOf(samples.get(name)?.[key] ?? []);
      const [first, second, ahead] = [of('first'), of('second'), of('warmed')];
      return { name, what, pinned, first, second, warmed: ahead };
    });
    const spread = ({ median, low, high }: Quartiles) =>
      `${median.toFixed(0)} ms (${low.toFixed(0)}-${high.toFixed(0)})`;
    const times = (a: Quartiles, b: Quartiles) => a.median / b.median;
    const sooner = (result: (typeof results)[number]) =>
      `${(100 * (1 - times(result.warmed, result.second))).toFixed(0)} % sooner`;
    return {
      figures: { models: Object.fromEntries(results.map(({ name, ...figures }) => [name, figures])) },
      tables: [
        formatTable(
          ['first token', 'first start', 'second start', 'ratio', 'warmed', 'against the second'],
          results.map((result) => [
            result.what,
            spread(result.first),
            spread(result.second),
            `${times(result.first, result.second).toFixed(1)}x`,
            ...(result.pinned ? [spread(result.warmed), sooner(result)] : ['cannot be pinned', '']),
          ]),
        ),
        `${[...where].join('; ')}; medians (quartiles) of ${ROUNDS}`,
      ],
      expectations: results.flatMap((result) => [
        {
          text: `${result.what}: second start at least ${SECOND_SOONER}x sooner (${times(result.first, result.second).toFixed(1)}x)`,
          held: times(result.first, result.second) >= SECOND_SOONER,
        },
        ...(result.pinned
          ? [
              {
                text: `${result.what}: first inference at least 45 % sooner when warmed (${sooner(result)})`,
                held: times(result.warmed, result.second) <= WARM_SHARE,
              },
            ]
          : []),
      ]),
    };
  },
};
