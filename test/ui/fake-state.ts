import { CAVEAT_TYPES, type Caveat, type CaveatValues, type Grant, type Lifetime } from '../../src/protocol/grant.ts';
import type { HostStatus } from '../../src/protocol/host/host-status.ts';
import type { ModelCard } from '../../src/protocol/model.ts';
import { DEFAULT_SETTINGS } from '../../src/protocol/settings.ts';
import type { Job, StoredModel } from '../../src/protocol/store.ts';
import type { PromptView, SiteView } from '../../src/protocol/ui/views.ts';

/** Noon of a fixed day, so that pictures taken at different times are the same. */
export const NOW = Date.UTC(2026, 10, 23, 12);
const HOUR = 3_600_000;
const MIB = 2 ** 20;

let ids = 0;
/** A valid identifier, different at every call. */
export const makeId = (): string => (++ids).toString(16).padStart(32, '0');

export const STORYTELLER: ModelCard = {
  name: 'packaged:storyteller',
  title: 'Storyteller 5M',
  description: 'A small language model that writes short stories for children in plain English.',
  licence: 'MIT',
  tasks: ['text-generation', 'tensors'],
  source: 'packaged',
  downloadBytes: 0,
  diskBytes: 20_971_520,
  residentBytes: 11 * MIB,
  contextTokens: 512,
};

export const ECHO: ModelCard = {
  name: 'packaged:echo',
  title: 'Echo',
  description: 'Repeats what it is sent. For trying out a site without a model.',
  licence: 'MIT',
  tasks: ['text-generation', 'tensors'],
  source: 'packaged',
  downloadBytes: 0,
  diskBytes: 0,
  residentBytes: 0,
};

export const LIMITS: PromptView['limits'] = {
  maxConcurrent: 4,
  maxRatePerMinute: 60,
  maxTokens: 1024,
  maxMemoryBytes: 2048 * MIB,
  maxComputeMsPerDay: 600_000,
};

export const CAVEATS: CaveatValues = {
  models: ['packaged:storyteller'],
  tasks: ['text-generation'],
  ...LIMITS,
  expiry: 'never',
  topLevelOnly: false,
};

export function makeGrant(
  origin: string,
  { caveats = {}, lifetime = { kind: 'persistent' }, topOrigin = origin }: MakeGrant = {},
): Grant {
  const values = { ...CAVEATS, ...caveats };
  return {
    id: makeId(),
    invoker: origin,
    topOrigin,
    parentCapability: 'infer',
    caveats: CAVEAT_TYPES.map((type) => ({ type, value: values[type] }) as Caveat),
    date: NOW - 30 * HOUR,
    lifetime,
  };
}

interface MakeGrant {
  readonly caveats?: Partial<CaveatValues>;
  readonly lifetime?: Lifetime;
  readonly topOrigin?: string;
}

export function makeSite(origin: string, changes: Partial<SiteView> = {}): SiteView {
  return {
    subject: { invoker: origin, topOrigin: origin },
    grants: [makeGrant(origin)],
    lastUsedAt: NOW - 2 * HOUR,
    calls: 128,
    tokens: 18_240,
    computeMs: 812_000,
    computeMsToday: 96_000,
    sessions: 0,
    active: 0,
    residentBytes: 0,
    ...changes,
  };
}

export function makePrompt(changes: Partial<PromptView> = {}): PromptView {
  return {
    id: makeId(),
    subject: { invoker: 'https://stories.example.co.uk', topOrigin: 'https://stories.example.co.uk' },
    models: [STORYTELLER],
    tasks: ['text-generation'],
    reason: 'To continue the stories you start, on your own computer.',
    limits: LIMITS,
    createdAt: NOW,
    ...changes,
  };
}

export function makeStored(card: Partial<ModelCard>, changes: Partial<StoredModel> = {}): StoredModel {
  return {
    card: { ...STORYTELLER, source: 'hub', licence: 'apache-2.0', diskBytes: 988_000_000, downloadBytes: 0, ...card },
    storedBytes: 988_000_000,
    compiledBytes: 321_000_000,
    pinned: false,
    inUse: false,
    addedAt: NOW - 90 * HOUR,
    lastUsedAt: NOW - 2 * HOUR,
    sites: ['https://stories.example.co.uk https://stories.example.co.uk'],
    isPrivate: false,
    fromArchive: false,
    ...changes,
  };
}

export function makeJob(kind: Job['kind'], changes: Partial<Job> = {}): Job {
  return {
    id: makeId(),
    kind,
    model: 'hf:Qwen/Qwen2.5-0.5B-Instruct',
    state: 'running',
    doneFiles: 2,
    totalFiles: 5,
    doneBytes: 412_000_000,
    totalBytes: 988_000_000,
    damagedFiles: 0,
    damaged: [],
    ...changes,
  };
}

export const HOST: HostStatus = {
  residents: [
    {
      name: 'packaged:storyteller',
      key: 'sha256-5f1d/q4-g128/ort',
      state: 'ready',
      backend: 'REAL_WEBGPU',
      adapter: 'NVIDIA GeForce RTX 4070',
      tier: 'webgpu (jspi)',
      passedOver: [],
      components: [],
      gpuBytes: 11.4 * MIB,
      cpuBytes: 3 * MIB,
      references: 2,
      active: 1,
    },
    {
      name: 'packaged:echo',
      key: 'echo',
      state: 'ready',
      backend: 'ECHO',
      tier: 'echo',
      passedOver: [],
      components: [],
      gpuBytes: 0,
      cpuBytes: 0,
      references: 0,
      active: 0,
    },
  ].map((resident) => ({
    ...resident,
    gpuBytes: Math.round(resident.gpuBytes),
  })) as HostStatus['residents'],
  modelLoads: 2,
  gpuBytes: Math.round(11.4 * MIB),
  cpuBytes: 3 * MIB,
  hostHeapBytes: 96 * MIB,
  tiers: ['webgpu', 'wasm'],
  adapter: 'NVIDIA GeForce RTX 4070',
  sessions: [],
};

export { DEFAULT_SETTINGS };
