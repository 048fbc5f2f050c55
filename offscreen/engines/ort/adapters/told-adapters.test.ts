import { describe, expect, it } from 'vitest';
import type { ModelFiles, ModelManifest } from '../../../store/manifest.ts';
import { createToldAdapters } from './told-adapters.ts';

const manifest = (contentHash: string) =>
  ({ contentHash, files: [{ path: 'adapter/adapter_config.json', bytes: 2 }] }) as unknown as ModelManifest;

function setUp() {
  const messages: unknown[] = [];
  const signals: AbortSignal[] = [];
  const told = createToldAdapters({ postMessage: (message: unknown) => messages.push(message) } as Pick<
    Worker,
    'postMessage'
  >);
  const open = (signal: AbortSignal) => {
    signals.push(signal);
    return { signal } as unknown as ModelFiles;
  };
  return { told, messages, signals, open };
}

describe('adapters that a worker is told of', () => {
  it('have a number each, however they are called, and are told of once', () => {
    const { told, messages, open } = setUp();
    const [one, other] = [told.adapterOf(manifest('a'), open), told.adapterOf(manifest('b'), open)];
    expect(told.adapterOf(manifest('a'), open)).toBe(one);
    expect(other).not.toBe(one);
    expect(messages).toEqual([one, other].map((adapter) => ({ kind: 'adapter', adapter, files: manifest('a').files })));
    expect(told.filesOf(one)).toBeDefined();
    expect(told.filesOf(99)).toBeUndefined();
  });

  it('are brought as long as anybody waits for them, and then as new ones', () => {
    const { told, signals, open } = setUp();
    const adapter = told.adapterOf(manifest('a'), open);
    const [first, second] = [told.begin(adapter), told.begin(adapter)];
    first(false);
    expect(signals[0]?.aborted).toBe(false);
    second(false);
    expect(signals[0]?.aborted).toBe(true);
    const again = told.adapterOf(manifest('a'), open);
    expect(again).not.toBe(adapter);
    expect(signals[1]?.aborted).toBe(false);
    told.begin(99)(false);
  });

  it('stay when they were ready once, whatever becomes of requests with them', () => {
    const { told, signals, open } = setUp();
    const adapter = told.adapterOf(manifest('a'), open);
    told.begin(adapter)(true);
    told.begin(adapter)(false);
    expect(signals[0]?.aborted).toBe(false);
    expect(told.adapterOf(manifest('a'), open)).toBe(adapter);
  });
});
