import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/protocol/settings.ts';
import { nextMacrotask } from '../../src/shared/macrotask.ts';
import { makeFakeEngine, makeFakeTime, makeManifest, NO_FILES } from '../../test/support/fake-engine.ts';
import { createPool } from '../pool/pool.ts';
import type { ModelManifest } from '../store/manifest.ts';
import { warmModels } from './warm-models.ts';

const quiet = { info() {}, warn() {}, error() {} };

function setUp(manifests: readonly ModelManifest[], gpuBudgetBytes = DEFAULT_SETTINGS.gpuBudgetBytes) {
  const engine = makeFakeEngine();
  const { now, later } = makeFakeTime();
  const settings = { ...DEFAULT_SETTINGS, gpuBudgetBytes };
  const pool = createPool({ engines: [engine], openFiles: () => NO_FILES, settings, logger: quiet, now, later });
  const source = { list: async () => manifests };
  const warm = (...names: string[]) => warmModels({ source, pool, logger: quiet }, names, new AbortController().signal);
  return { engine, pool, warm };
}

const partly = (name: string) => {
  const { card } = makeManifest(name);
  return makeManifest(name, { card: { ...card, downloadBytes: 1 } });
};

describe('loading ahead', () => {
  it('makes models ready that are wholly here, for what they are likeliest used for, and holds none', async () => {
    const { engine, pool, warm } = setUp([makeManifest('a'), makeManifest('b'), partly('c')]);
    await warm('b', 'c', 'gone');
    expect(engine.loads.map(({ options }) => options.use)).toEqual([{ task: 'text-generation' }]);
    expect(pool.residents()).toMatchObject([{ name: 'b', state: 'ready', references: 0 }]);
  });

  it('leaves what is in memory alone, and tries the next one', async () => {
    const { pool, warm } = setUp([makeManifest('a'), makeManifest('b')], 150);
    const lease = await pool.acquire(makeManifest('first'), {
      holder: 'site',
      use: { task: 'text-generation' },
      signal: new AbortController().signal,
    });
    lease.release();
    await warm('a', 'b');
    expect(pool.residents()).toMatchObject([{ name: 'first', state: 'ready' }]);
  });

  it('becomes a load like any other when a site asks meanwhile', async () => {
    const { engine, pool, warm } = setUp([makeManifest('a')], 250);
    const acquire = (name: string) =>
      pool.acquire(makeManifest(name), {
        holder: 'site',
        use: { task: 'text-generation' },
        signal: new AbortController().signal,
      });
    (await acquire('idle')).release();
    const open = engine.hold();
    const warming = warm('a');
    await nextMacrotask();
    const more = { gpuBytes: 200, cpuBytes: 10 };
    const admit = engine.loads[1]?.options.admit ?? expect.fail('Nothing is loaded ahead.');
    expect(await admit(more)).toEqual({ granted: false, quotaBytes: 250 });
    const asked = acquire('a');
    expect(await admit(more)).toEqual({ granted: true });
    open();
    await Promise.all([warming, asked]);
    expect(pool.residents()).toMatchObject([{ name: 'a', state: 'ready', references: 1 }]);
  });
});
