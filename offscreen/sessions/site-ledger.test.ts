import { describe, expect, it } from 'vitest';
import { makeCaveats } from '../../test/support/make-terms.ts';
import { createSiteLedger } from './site-ledger.ts';

const DAY = 86_400_000;

describe('site ledger', () => {
  it('counts concurrent requests and frees a place exactly once', () => {
    const ledger = createSiteLedger();
    const caveats = makeCaveats({ maxConcurrent: 2 });
    const end = ledger.begin(caveats, 0);
    ledger.begin(caveats, 0);
    expect(() => ledger.begin(caveats, 0)).toThrow(expect.objectContaining({ code: 'limit-concurrency' }));
    end();
    end();
    expect(ledger.active).toBe(1);
    ledger.begin(caveats, 0);
    expect(() => ledger.begin(caveats, 0)).toThrow(expect.objectContaining({ code: 'limit-concurrency' }));
  });

  it('allows a number of starts in any sixty seconds and says when to come back', () => {
    const ledger = createSiteLedger();
    const caveats = makeCaveats({ maxRatePerMinute: 2, maxConcurrent: 64 });
    ledger.begin(caveats, 1_000);
    ledger.begin(caveats, 31_000);
    expect(() => ledger.begin(caveats, 41_000)).toThrow(
      expect.objectContaining({ code: 'limit-rate', data: { quota: 2, retryAfterMs: 20_000 } }),
    );
    ledger.begin(caveats, 61_000);
    expect(() => ledger.begin(caveats, 61_001)).toThrow(expect.objectContaining({ code: 'limit-rate' }));
  });

  it('keeps counting right over many windows', () => {
    const ledger = createSiteLedger();
    const caveats = makeCaveats({ maxRatePerMinute: 1000, maxConcurrent: 64 });
    for (let start = 0; start < 10_000; start += 1) ledger.begin(caveats, start * 60)();
    expect(() => ledger.begin(caveats, 10_000 * 60 - 60)).toThrow(
      expect.objectContaining({ code: 'limit-rate', data: { quota: 1000, retryAfterMs: 60 } }),
    );
    ledger.begin(caveats, 10_000 * 60)();
  });

  it('unlocks nothing when the clock goes back', () => {
    const ledger = createSiteLedger();
    const caveats = makeCaveats({ maxRatePerMinute: 1, maxComputeMsPerDay: 100 });
    ledger.begin(caveats, 5 * DAY);
    expect(() => ledger.begin(caveats, 4 * DAY)).toThrow(expect.objectContaining({ code: 'limit-rate' }));
    ledger.charge(100, caveats, 5 * DAY);
    expect(ledger.charge(0, caveats, 4 * DAY)).toBe(true);
  });

  it('meters a day of compute, refuses when it is used up, and starts anew the next day', () => {
    const ledger = createSiteLedger();
    const caveats = makeCaveats({ maxComputeMsPerDay: 100 });
    expect(ledger.charge(60, caveats, DAY + 1)).toBe(false);
    expect(ledger.charge(40, caveats, DAY + 2)).toBe(true);
    expect(() => ledger.begin(caveats, DAY + 3)).toThrow(
      expect.objectContaining({ code: 'limit-compute', data: { quota: 100, retryAfterMs: DAY - 3 } }),
    );
    ledger.begin(caveats, 2 * DAY);
  });

  it('takes over what is on record, but never forgets what it saw itself', () => {
    const ledger = createSiteLedger();
    const caveats = makeCaveats({ maxComputeMsPerDay: 100 });
    ledger.adopt(70, DAY);
    expect(ledger.charge(20, caveats, 1)).toBe(false);
    ledger.adopt(10, DAY);
    expect(ledger.charge(10, caveats, 2)).toBe(true);
    ledger.adopt(0, 2 * DAY);
    expect(ledger.charge(0, caveats, DAY + 1)).toBe(false);
  });
});
