import { describe, expect, it } from 'vitest';
import { createBusySign } from '../schedule/busy.ts';
import type { ModelFiles } from '../store/manifest.ts';
import type { ConverterWorker } from './converter-workers.ts';
import { createConverters } from './converters.ts';
import type { FromConverter, ToConverter } from './messages.ts';

const STORED = { bytes: 1, sha256: ['0'.repeat(64)] };

/** A worker that does what it is told when the test says so. */
class FakeWorker implements ConverterWorker {
  onmessage: ConverterWorker['onmessage'] = null;
  onbroke: (() => void) | null = null;
  readonly told: ToConverter[] = [];
  ended = false;

  readonly postMessage = (message: ToConverter) => void this.told.push(message);
  terminate() {
    this.ended = true;
  }

  get jobs() {
    return this.told.flatMap((message) => (message.kind === 'convert' ? [message] : []));
  }
  /** Finishes the job that it was given last. */
  finish() {
    const { id } = this.jobs.at(-1) ?? { id: 0 };
    this.onmessage?.({ data: { kind: 'done', id, stored: STORED } satisfies FromConverter });
  }
}

function open(count: number) {
  const workers: FakeWorker[] = [];
  const busy = createBusySign();
  const converters = createConverters({
    count,
    files: [],
    config: {},
    service: {} as ModelFiles,
    busy,
    spawn() {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
  });
  const convert = (part: string, urgency = 0) =>
    converters.convert({
      job: {
        component: 'decoder',
        storage: { float: 'float32', linear: 'float', ends: 'float' },
        key: 'k',
        part,
        madeOf: '',
      },
      signal: new AbortController().signal,
      urgency: () => urgency,
      onProgress: () => {},
    });
  const given = () => workers.flatMap(({ jobs }) => jobs.map(({ job }) => job.part));
  return { workers, busy, convert, given };
}

describe('converters', () => {
  it('work side by side, what is waited for first', async () => {
    const { workers, convert, given } = open(2);
    const parts = [convert('a'), convert('b'), convert('c', 1), convert('d', 2)];
    expect(given()).toEqual(['a', 'b']);
    workers[0]?.finish();
    await parts[0];
    expect(given()).toContain('d');
    expect(given()).not.toContain('c');
  });

  it('are half as many while requests are computed, and at least one', async () => {
    const { workers, busy, convert, given } = open(4);
    busy.set(true);
    const parts = ['a', 'b', 'c', 'd', 'e'].map((part) => convert(part));
    expect(given()).toEqual(['a', 'b']);
    workers[0]?.finish();
    await parts[0];
    expect(given().sort()).toEqual(['a', 'b', 'c']);
    busy.set(false);
    expect(given().sort()).toEqual(['a', 'b', 'c', 'd', 'e']);

    const single = open(1);
    single.busy.set(true);
    void single.convert('a');
    expect(single.given()).toEqual(['a']);
  });

  it('are told when requests are computed, the ones that start meanwhile too', () => {
    const { workers, busy, convert } = open(4);
    void convert('a');
    busy.set(true);
    void convert('b');
    const signs = workers.map(({ told }) => told.filter(({ kind }) => kind === 'busy'));
    expect(signs).toEqual(Array(2).fill([{ kind: 'busy', busy: true }]));
  });

  it('finish what they are at when a request comes', async () => {
    const { workers, busy, convert, given } = open(2);
    const parts = [convert('a'), convert('b'), convert('c')];
    busy.set(true);
    workers[0]?.finish();
    await parts[0];
    expect(given()).toEqual(['a', 'b']);
    workers[1]?.finish();
    await parts[1];
    expect(given().sort()).toEqual(['a', 'b', 'c']);
  });
});
