import type { HostStatus } from '../../src/protocol/host/host-status.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import type { StoreState } from '../../src/protocol/store.ts';
import type { PromptView, SiteView } from '../../src/protocol/ui/views.ts';
import {
  CAVEATS,
  DEFAULT_SETTINGS,
  ECHO,
  HOST,
  LIMITS,
  makeGrant,
  makeJob,
  makePrompt,
  makeSite,
  makeStored,
  NOW,
  STORYTELLER,
} from './fake-state.ts';

/** Everything the pages can be shown. */
export interface Scenario {
  readonly prompt?: PromptView;
  readonly sites?: readonly SiteView[];
  readonly host?: HostStatus;
  readonly settings?: Settings;
  readonly storeError?: boolean;
  readonly pinned?: readonly string[];
  readonly store?: StoreState;
  readonly hasToken?: boolean;
  /** Address of the tab that the popup was opened on. */
  readonly tabUrl?: string;
}

const HOUR = 3_600_000;
const LONG = `https://accounts.login.secure-${'a'.repeat(50)}.${'b'.repeat(60)}.${'c'.repeat(40)}.example.co.uk:8443`;
const IDN = 'https://xn--80ak6aa92e.com';
const FRAME = { invoker: 'https://assistant.widgets.example', topOrigin: 'https://news.example.org' };

const ACTIVE = makeSite('https://stories.example.co.uk', { sessions: 1, active: 2, residentBytes: 15_000_000 });
const TIMED = makeSite('http://localhost:5173', {
  grants: [makeGrant('http://localhost:5173', { caveats: { expiry: NOW + 26 * HOUR } })],
  computeMsToday: 585_000,
});
const FRAMED = makeSite(FRAME.invoker, {
  subject: FRAME,
  grants: [makeGrant(FRAME.invoker, { topOrigin: FRAME.topOrigin, lifetime: { kind: 'browser-session' } })],
});
const DENIED = makeSite('https://pushy.example.net', {
  grants: [],
  calls: 0,
  tokens: 0,
  computeMs: 0,
  computeMsToday: 0,
  deniedUntil: NOW + 19 * HOUR,
});
const FORMER = makeSite('https://once.example.com', { grants: [], lastUsedAt: NOW - 500 * HOUR });

const several: readonly SiteView[] = [ACTIVE, TIMED, FRAMED, DENIED, FORMER];

const many: readonly SiteView[] = [
  ...several,
  makeSite(LONG, { grants: [makeGrant(LONG), makeGrant(LONG, { lifetime: { kind: 'document', documentId: 'd' } })] }),
  makeSite(IDN, { calls: 1_234_567, tokens: 987_654_321, computeMs: 999_999_999 }),
  ...Array.from({ length: 33 }, (_, index) => makeSite(`https://site-${index + 1}.example.dev`, { calls: index * 7 })),
];

const wasm: HostStatus = {
  ...HOST,
  residents: HOST.residents.slice(0, 1).map((resident) => ({
    ...resident,
    backend: 'REAL_WASM',
    adapter: undefined,
    tier: 'wasm (simd, 2 threads)',
    gpuBytes: 0,
    cpuBytes: 24_000_000,
    adapters: ['hf:fieldnotes/mistral-plant-names-lora', 'hf:acme/mistral-support-lora-r16'],
    streaming: { layers: 32, streamedLayers: 20, tokenBytes: 2_440_000_000, tokenMs: 13_400 },
    passedOver: [
      { tier: 'webgpu (jspi)', reason: 'navigator.gpu.requestAdapter() answered null' },
      { tier: 'webgpu (asyncify)', reason: 'navigator.gpu.requestAdapter() answered null' },
    ],
  })) as HostStatus['residents'],
  gpuBytes: 0,
  cpuBytes: 24_000_000,
};

/** The states worth looking at, by the name that the page's address carries. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  usual: {
    pinned: ['packaged:storyteller'],
    prompt: makePrompt(),
    sites: several,
    host: HOST,
    tabUrl: 'https://stories.example.co.uk/read/1',
  },
  hostile: {
    prompt: makePrompt({
      subject: { invoker: LONG, topOrigin: IDN },
      reason: `\u202eמערכת זו דורשת גישה <b>now</b>\u2066 Allow! שלום עולם ${'\u0301'.repeat(40)}${'W'.repeat(60)}`,
      models: [STORYTELLER, { ...ECHO, title: 'E'.repeat(100), description: 'd'.repeat(300) }],
      tasks: ['text-generation', 'tensors'],
    }),
    sites: many,
    host: wasm,
    storeError: true,
    tabUrl: `${LONG}/`,
  },
  frame: { prompt: makePrompt({ subject: FRAME }), sites: [FRAMED], tabUrl: 'https://news.example.org/' },
  incremental: {
    prompt: makePrompt({
      models: [STORYTELLER, ECHO],
      tasks: ['text-generation', 'tensors'],
      limits: { ...LIMITS, maxTokens: 4096 },
      holds: CAVEATS,
    }),
  },
  local: {
    prompt: makePrompt({ subject: { invoker: 'http://localhost:5173', topOrigin: 'http://localhost:5173' } }),
    sites: [TIMED],
    tabUrl: 'http://localhost:5173/',
  },
  empty: { tabUrl: 'https://new.example.org/' },
  disk: {
    host: HOST,
    hasToken: true,
    store: {
      models: [
        makeStored(
          { name: 'hf:Qwen/Qwen2.5-0.5B-Instruct', title: 'Qwen2.5-0.5B-Instruct' },
          { pinned: true, inUse: true },
        ),
        makeStored(
          { name: `hf:${'o'.repeat(60)}/${'n'.repeat(80)}`, title: 'n'.repeat(80), downloadBytes: 600_000_000 },
          { isPrivate: true, storedBytes: 388_000_000, compiledBytes: 0, sites: [] },
        ),
        makeStored({ name: 'file:my-fox', title: 'my-fox', source: 'file', licence: 'unknown', downloadBytes: 4_000 }),
        makeStored({ name: 'hf:org/exported', title: 'exported' }, { fromArchive: true }),
      ],
      jobs: [
        makeJob('check'),
        makeJob('check', {
          model: 'file:my-fox',
          state: 'done',
          doneFiles: 5,
          damagedFiles: 2,
          damaged: ['model.safetensors', 'tokenizer.json'],
        }),
        makeJob('import', { model: 'file:another', doneFiles: 0, doneBytes: 0, totalFiles: 0, totalBytes: 0 }),
        makeJob('import', { model: 'hf:org/exported', state: 'done', doneFiles: 5 }),
        makeJob('import', {
          model: `file:${'w'.repeat(90)}`,
          state: 'failed',
          error: {
            code: 'files-refused',
            message: 'Refused.',
            data: { reason: 'The archive names “../../etc/passwd”, which leads out of its folder.' },
          },
        }),
      ],
      downloads: [
        {
          name: `hf:${'o'.repeat(60)}/${'n'.repeat(80)}`,
          presentBytes: 388_000_000,
          totalBytes: 988_000_000,
          bytesPerS: 12_400_000,
        },
        {
          name: 'hf:org/other',
          presentBytes: 0,
          totalBytes: 5_000_000,
          bytesPerS: 0,
          error: 'The hub did not answer.',
        },
      ],
      filesBytes: 1_376_000_000,
      compiledBytes: 321_000_000,
      persisted: true,
      available: true,
    },
  },
  unsupported: { tabUrl: 'chrome://settings/', sites: several, host: HOST },
  denied: { sites: [DENIED], tabUrl: 'https://pushy.example.net/' },
};

export { DEFAULT_SETTINGS };
