import { describe, expect, it } from 'vitest';
import type { UsageEntry } from '../../src/protocol/report/report-usage.ts';
import { makeFakeTime } from '../../test/support/fake-engine.ts';
import { createUsageReporter } from './usage-reporter.ts';

const quiet = { info() {}, warn() {}, error() {} };

function setUp() {
  const time = makeFakeTime();
  const sent: { seq: number; entries: UsageEntry[] }[] = [];
  let reachable = true;
  const reporter = createUsageReporter({
    instance: 'i',
    later: time.later,
    logger: quiet,
    async send({ seq, entries }) {
      sent.push({ seq, entries });
      if (!reachable) throw new Error('unreachable');
    },
  });
  return {
    reporter,
    sent,
    time,
    reach: (value: boolean) => {
      reachable = value;
    },
  };
}

describe('usage reporter', () => {
  it('joins what one session used into one entry and numbers the reports', async () => {
    const { reporter, sent } = setUp();
    reporter.add('t', { calls: 1, computeMs: 5, residentBytes: 10 });
    reporter.add('t', { calls: 1, tokens: 3, residentBytes: 0 });
    await reporter.flush();
    reporter.add('t', { calls: 1 });
    await reporter.flush();
    expect(sent).toEqual([
      { seq: 1, entries: [{ token: 't', calls: 2, tokens: 3, computeMs: 5, residentBytes: 0 }] },
      { seq: 2, entries: [{ token: 't', calls: 1, tokens: 0, computeMs: 0, residentBytes: 0 }] },
    ]);
  });

  it('loses nothing of what is too much for one report', async () => {
    const { reporter, sent } = setUp();
    for (let session = 0; session < 1500; session += 1) reporter.add(`t${session}`, { calls: 1 });
    await reporter.flush();
    expect(sent.map(({ seq, entries }) => [seq, entries.length])).toEqual([
      [1, 1024],
      [2, 476],
    ]);
  });

  it('sends an unacknowledged report again under the same number, then what came since', async () => {
    const { reporter, sent, time, reach } = setUp();
    reach(false);
    reporter.add('t', { calls: 1 });
    await reporter.flush();
    reporter.add('u', { calls: 2 });
    reach(true);
    time.advance(5_000);
    await reporter.flush();
    expect(sent.map(({ seq, entries }) => [seq, entries[0]?.token])).toEqual([
      [1, 't'],
      [1, 't'],
      [2, 'u'],
    ]);
  });

  it('sends by itself after a while, and nothing when there is nothing', async () => {
    const { reporter, sent, time } = setUp();
    await reporter.flush();
    reporter.add('t', { calls: 1 });
    time.advance(500);
    await reporter.flush();
    expect(sent).toHaveLength(1);
  });
});
