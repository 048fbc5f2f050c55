import type { CaveatValues } from '../../src/protocol/grant.ts';
import type { SessionTerms } from '../../src/protocol/host/host-session-start.ts';
import { randomToken } from '../../src/shared/ids.ts';

/** Caveats that allow `packaged:m` generously, but for what a test overrides. */
export function makeCaveats(overrides: Partial<CaveatValues> = {}): CaveatValues {
  return {
    models: ['packaged:m'],
    tasks: ['text-generation', 'tensors'],
    maxConcurrent: 8,
    maxRatePerMinute: 100,
    maxTokens: 100,
    maxMemoryBytes: 2 ** 30,
    maxComputeMsPerDay: 60_000,
    expiry: 'never',
    topLevelOnly: false,
    ...overrides,
  };
}

export function makeTerms(overrides: Partial<SessionTerms> = {}): SessionTerms {
  return {
    token: randomToken(),
    subject: { invoker: 'https://a.example', topOrigin: 'https://a.example' },
    grants: [makeCaveats()],
    usedComputeMs: 0,
    dayEndsAt: 86_400_000 * 2,
    ...overrides,
  };
}
