import { toCaveats } from '../../src/permissions/caveats.ts';
import { DEFAULT_LIMITS } from '../../src/permissions/defaults.ts';
import type { Ask } from '../../src/permissions/types.ts';
import type { CaveatValues, Grant } from '../../src/protocol/grant.ts';
import type { TaskName } from '../../src/protocol/scalars.ts';
import type { Random } from './random.ts';

export const SUBJECT = { invoker: 'https://site.example', topOrigin: 'https://site.example' } as const;
export const NOON = Date.UTC(2026, 10, 23, 12);

const MODELS = ['packaged:a', 'packaged:b', 'packaged:c'] as const;
const TASKS: readonly TaskName[] = ['text-generation', 'tensors'];

/** Caveats that allow one model and text for ever, with what is given instead. */
export function makeCaveats(values: Partial<CaveatValues> = {}): CaveatValues {
  return {
    models: ['packaged:a'],
    tasks: ['text-generation'],
    ...DEFAULT_LIMITS,
    expiry: 'never',
    topLevelOnly: false,
    ...values,
  };
}

let grants = 0;

/** A persistent grant of {@link SUBJECT}. */
export function makeGrant(values: Partial<CaveatValues> = {}, parts: Partial<Grant> = {}): Grant {
  grants += 1;
  return {
    id: grants.toString(16).padStart(32, '0'),
    ...SUBJECT,
    parentCapability: 'infer',
    caveats: toCaveats(makeCaveats(values)),
    date: NOON,
    lifetime: { kind: 'persistent' },
    ...parts,
  };
}

/** Few different values, so that random caveats often agree in all but one. */
export function randomCaveats(random: Random): CaveatValues {
  const few = () => random.pick([1, 1, 2]);
  return {
    models: random.next() < 0.1 ? '*' : random.some(MODELS),
    tasks: random.next() < 0.1 ? '*' : random.some(TASKS),
    maxConcurrent: few(),
    maxRatePerMinute: few(),
    maxTokens: few(),
    maxMemoryBytes: few(),
    maxComputeMsPerDay: few(),
    expiry: random.pick(['never', 'never', NOON + 1, NOON + 2]),
    topLevelOnly: random.pick([false, false, true]),
  };
}

export function randomAsk(random: Random): Ask {
  const model = random.pick(MODELS);
  const limit = () => random.pick([undefined, 1, 2]);
  return {
    models: [...new Set([model, ...random.some(MODELS)])],
    tasks: [random.pick(['text-generation', 'tensors'] as const)],
    limits: { maxConcurrent: limit(), maxTokens: limit(), maxMemoryBytes: limit() },
  };
}
