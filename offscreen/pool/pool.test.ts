import { describe, expect, it } from 'vitest';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { Hardware } from '../../src/protocol/hardware.ts';
import { DEFAULT_SETTINGS } from '../../src/protocol/settings.ts';
import { makeFakeEngine, makeFakeTime, makeManifest, NO_FILES } from '../../test/support/fake-engine.ts';
import { createPool } from './pool.ts';

const quiet = { info() {}, warn() {}, error() {} };
const live = () => new AbortController().signal;

function setUp(engineOptions: Parameters<typeof makeFakeEngine>[0] = {}, settings = DEFAULT_SETTINGS) {
  const engine = makeFakeEngine(engineOptions);
  const time = makeFakeTime();
  const pool = createPool({
    engines: [engine],
    openFiles: () => NO_FILES,
    settings,
    logger: quiet,
    now: time.now,
    later: time.later,
  });
  return { engine, pool, time };
}

const use = { task: 'text-generation' } as const;

describe('loading', () => {
  it('loads once for everybody who asks at the same time, and reports progress to each', async () => {
    const { engine, pool } = setUp();
    const open = engine.hold();
    const seen: string[] = [];
    const leases = ['a', 'b', 'c'].map((holder) =>
      pool.acquire(makeManifest('m'), {
        holder,
        use,
        signal: live(),
        onProgress: ({ phase }) => seen.push(holder + phase),
      }),
    );
    open();
    const [first, ...others] = await Promise.all(leases);
    for (const lease of others) expect(lease.model).toBe(first?.model);
    expect(engine.loads).toHaveLength(1);
    expect(pool.modelLoads).toBe(1);
    expect(seen).toEqual(['aready', 'bready', 'cready']);
    expect(pool.residents()).toMatchObject([{ name: 'm', references: 3 }]);
  });

  it('shares one copy between two names with the same content', async () => {
    const { engine, pool } = setUp();
    const one = await pool.acquire(makeManifest('m'), { holder: 'a', use, signal: live() });
    const two = await pool.acquire(makeManifest('alias', { contentHash: 'hash of m' }), {
      holder: 'b',
      use,
      signal: live(),
    });
    expect(two.model).toBe(one.model);
    expect(engine.loads).toHaveLength(1);
  });

  it('goes on when one waiting caller aborts, and stops when the last one does', async () => {
    const { engine, pool } = setUp();
    engine.hold();
    const [leaving, last] = [new AbortController(), new AbortController()];
    const first = pool.acquire(makeManifest('m'), { holder: 'a', use, signal: leaving.signal });
    const second = pool.acquire(makeManifest('m'), { holder: 'b', use, signal: last.signal });
    leaving.abort(new WebplatError('aborted'));
    await expect(first).rejects.toMatchObject({ code: 'aborted' });
    expect(engine.loads[0]?.options.signal.aborted).toBe(false);
    last.abort(new WebplatError('stopped'));
    await expect(second).rejects.toMatchObject({ code: 'stopped' });
    expect(engine.loads[0]?.options.signal.aborted).toBe(true);
    expect(pool.residents()).toEqual([]);
    expect(pool.memory()).toEqual({ gpuBytes: 0, cpuBytes: 0 });
  });

  it('gives every waiting caller the error of a failed load, keeps nothing, and loads anew next time', async () => {
    let broken = true;
    const { engine, pool } = setUp({ failWith: () => broken && new WebplatError('model-corrupt') });
    const waiting = ['a', 'b'].map((holder) => pool.acquire(makeManifest('m'), { holder, use, signal: live() }));
    for (const wait of waiting) await expect(wait).rejects.toMatchObject({ code: 'model-corrupt' });
    expect(pool.memory()).toEqual({ gpuBytes: 0, cpuBytes: 0 });
    broken = false;
    await pool.acquire(makeManifest('m'), { holder: 'a', use, signal: live() });
    expect(engine.loads).toHaveLength(2);
    expect(pool.modelLoads).toBe(1);
  });

  it('refuses a model that no engine runs', async () => {
    const { pool } = setUp();
    await expect(
      pool.acquire(makeManifest('m', { engine: 'echo' }), { holder: 'a', use, signal: live() }),
    ).rejects.toMatchObject({ code: 'model-unsupported' });
  });
});

describe('what a request wants to be computed with', () => {
  const ask = (pool: ReturnType<typeof setUp>['pool'], holder: string, hardware?: Hardware) =>
    pool.acquire(makeManifest('m'), { holder, use, hardware, signal: live() });

  it('is met by the copy that is there, where that will do', async () => {
    const { engine, pool } = setUp();
    const first = await ask(pool, 'a', { backends: ['webgpu', 'wasm'], precision: 'q8' });
    expect(engine.loads[0]?.options.hardware).toEqual({ backends: ['webgpu', 'wasm'], precision: 'q8' });
    // The fake runs on wasm, which is on each of these lists.
    for (const hardware of [undefined, {}, { backends: ['wasm'] }, { precision: 'q8' }] as const) {
      expect((await ask(pool, 'b', hardware as Hardware)).model).toBe(first.model);
    }
    expect(engine.loads).toHaveLength(1);
  });

  it('has a copy of its own where none will do, which counts like any other model', async () => {
    const { engine, pool } = setUp();
    const first = await ask(pool, 'a');
    for (const hardware of [{ precision: 'fp32' }, { backends: ['webgpu'] }] as const) {
      expect((await ask(pool, 'a', hardware as unknown as Hardware)).model).not.toBe(first.model);
    }
    expect(engine.loads).toHaveLength(3);
    expect(pool.memory()).toEqual({ gpuBytes: 300, cpuBytes: 30 });
    expect(pool.heldModels('a')).toEqual(['m']);
    expect(pool.heldBytes(new Set(['a']), { manifest: makeManifest('m'), hardware: { precision: 'q4' } })).toBe(330);
    expect(pool.heldBytes(new Set(['a']), { manifest: makeManifest('m'), hardware: { precision: 'fp32' } })).toBe(220);
    expect(await pool.unload('m')).toBe(true);
    expect(pool.residents()).toEqual([]);
  });
});

describe('memory', () => {
  const tight = { ...DEFAULT_SETTINGS, gpuBudgetBytes: 250 };

  it('evicts the least recently used idle model, and only as many as needed', async () => {
    const { engine, pool, time } = setUp({}, tight);
    for (const name of ['old', 'new']) {
      time.advance(10);
      (await pool.acquire(makeManifest(name), { holder: name, use, signal: live() })).release();
    }
    time.advance(10);
    await pool.acquire(makeManifest('third'), { holder: 'x', use, signal: live() });
    expect(pool.residents().map(({ name }) => name)).toEqual(['new', 'third']);
    expect(engine.loads[0]?.model.disposed).toBe(true);
    expect(engine.loads[1]?.model.disposed).toBe(false);
  });

  it('never evicts what is held or running: the newcomer is refused with the figures', async () => {
    const { pool } = setUp({}, tight);
    await pool.acquire(makeManifest('held'), { holder: 'a', use, signal: live() });
    const running = await pool.acquire(makeManifest('running'), { holder: 'b', use, signal: live() });
    const end = running.begin();
    running.release();
    await expect(pool.acquire(makeManifest('more'), { holder: 'c', use, signal: live() })).rejects.toMatchObject({
      code: 'out-of-memory',
      data: { requested: 100, quota: 250 },
    });
    expect(pool.residents()).toHaveLength(2);
    end();
    await pool.acquire(makeManifest('more'), { holder: 'c', use, signal: live() });
    expect(pool.residents().map(({ name }) => name)).toEqual(['held', 'more']);
  });

  it('counts a model that is still loading', async () => {
    const { engine, pool } = setUp({}, tight);
    engine.hold();
    for (const name of ['a', 'b']) void pool.acquire(makeManifest(name), { holder: name, use, signal: live() });
    await expect(pool.acquire(makeManifest('c'), { holder: 'c', use, signal: live() })).rejects.toMatchObject({
      code: 'out-of-memory',
    });
  });

  it('unloads after the idle time, counted from the last use', async () => {
    const { engine, pool, time } = setUp();
    const lease = await pool.acquire(makeManifest('m'), { holder: 'a', use, signal: live() });
    lease.release();
    time.advance(DEFAULT_SETTINGS.idleUnloadMs - 1);
    const again = await pool.acquire(makeManifest('m'), { holder: 'a', use, signal: live() });
    time.advance(DEFAULT_SETTINGS.idleUnloadMs);
    expect(pool.residents()).toHaveLength(1);
    again.release();
    again.release();
    time.advance(DEFAULT_SETTINGS.idleUnloadMs);
    expect(pool.residents()).toEqual([]);
    expect(engine.loads[0]?.model.disposed).toBe(true);
  });

  it('unloads idle models at once when the budget is lowered', async () => {
    const { pool } = setUp();
    (await pool.acquire(makeManifest('m'), { holder: 'a', use, signal: live() })).release();
    await pool.acquire(makeManifest('held'), { holder: 'a', use, signal: live() });
    await pool.applySettings({ ...DEFAULT_SETTINGS, gpuBudgetBytes: 100 });
    expect(pool.residents().map(({ name }) => name)).toEqual(['held']);
  });

  it('has models that stay let go of idle components before idle models leave', async () => {
    let idleGpuBytes = 60;
    const { engine, pool } = setUp(
      {
        memoryNow: () => ({ gpuBytes: 40 + idleGpuBytes, cpuBytes: 10, idleGpuBytes }),
        dropIdle: async () => {
          idleGpuBytes = 0;
        },
      },
      tight,
    );
    await pool.acquire(makeManifest('held'), { holder: 'a', use, signal: live() });
    (await pool.acquire(makeManifest('idle'), { holder: 'a', use, signal: live() })).release();
    await pool.acquire(makeManifest('third'), { holder: 'a', use, signal: live() });
    expect(pool.residents().map(({ name }) => name)).toEqual(['held', 'idle', 'third']);
    expect(engine.loads[1]?.model.disposed).toBe(false);
  });

  it('takes nothing from anybody for what does not fit anyway', async () => {
    let drops = 0;
    const { pool } = setUp(
      {
        memoryNow: () => ({ gpuBytes: 100, cpuBytes: 10, idleGpuBytes: 20 }),
        dropIdle: async () => {
          drops += 1;
        },
      },
      tight,
    );
    for (const holder of ['a', 'b']) await pool.acquire(makeManifest(holder), { holder, use, signal: live() });
    await pool.applySettings({ ...tight, gpuBudgetBytes: 170 });
    drops = 0;
    await expect(pool.acquire(makeManifest('c'), { holder: 'c', use, signal: live() })).rejects.toMatchObject({
      code: 'out-of-memory',
    });
    expect(drops).toBe(0);
  });

  it('lets go of everything idle when the device says that it has no more', async () => {
    const { engine, pool } = setUp();
    await pool.acquire(makeManifest('breaks'), { holder: 'a', use, signal: live() });
    (await pool.acquire(makeManifest('idle'), { holder: 'a', use, signal: live() })).release();
    await pool.acquire(makeManifest('held'), { holder: 'a', use, signal: live() });
    engine.loads[0]?.model.break(new WebplatError('out-of-memory'));
    await expect.poll(() => pool.residents().map(({ name }) => name)).toEqual(['held']);
  });

  it('does not count new settings as a use, and counts their idle time from the last one', async () => {
    const { pool, time } = setUp();
    (await pool.acquire(makeManifest('m'), { holder: 'a', use, signal: live() })).release();
    time.advance(DEFAULT_SETTINGS.idleUnloadMs - 10);
    await pool.applySettings(DEFAULT_SETTINGS);
    time.advance(10);
    expect(pool.residents()).toEqual([]);
    (await pool.acquire(makeManifest('m'), { holder: 'a', use, signal: live() })).release();
    time.advance(5_000);
    await pool.applySettings({ ...DEFAULT_SETTINGS, idleUnloadMs: 6_000 });
    time.advance(1_000);
    expect(pool.residents()).toEqual([]);
  });

  it('counts what a site holds once per model, without the model being asked for', async () => {
    const { pool } = setUp();
    for (const holder of ['a', 'b']) await pool.acquire(makeManifest('m'), { holder, use, signal: live() });
    await pool.acquire(makeManifest('n'), { holder: 'c', use, signal: live() });
    expect(pool.heldBytes(new Set(['a', 'b']))).toBe(110);
    expect(pool.heldBytes(new Set(['a', 'b', 'c']))).toBe(220);
    expect(pool.heldBytes(new Set(['a', 'c']), { manifest: makeManifest('m') })).toBe(110);
  });
});

describe('failure', () => {
  it('forgets a model that broke and loads it anew for the next caller', async () => {
    const { engine, pool } = setUp();
    await pool.acquire(makeManifest('m'), { holder: 'a', use, signal: live() });
    engine.loads[0]?.model.break(new WebplatError('device-lost'));
    await Promise.resolve();
    await Promise.resolve();
    expect(pool.residents()).toEqual([]);
    const lease = await pool.acquire(makeManifest('m'), { holder: 'a', use, signal: live() });
    expect(lease.model).toBe(engine.loads[1]?.model);
  });

  it('disposes a model whose load finished after it was unloaded', async () => {
    const { engine, pool } = setUp();
    const open = engine.hold();
    const waiting = pool.acquire(makeManifest('m'), { holder: 'a', use, signal: live() });
    expect(await pool.unload('m')).toBe(true);
    open();
    await expect(waiting).rejects.toMatchObject({ code: 'engine-failed' });
    expect(pool.residents()).toEqual([]);
    expect(await pool.unload('m')).toBe(false);
  });
});
