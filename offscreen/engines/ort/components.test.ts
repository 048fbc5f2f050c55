import { describe, expect, it } from 'vitest';
import { WebplatError } from '../../../src/protocol/errors.ts';
import { deferred } from '../../../test/support/fake-engine.ts';
import type { ComponentName } from '../../families/family.ts';
import type { AdaptedLayers } from '../../graphs/build/adapted.ts';
import type { EmittedGraph } from '../../graphs/build/graph-builder.ts';
import { createComponents } from './components.ts';
import { emptyMemory } from './plan.ts';

const WEIGHTS = 1000;
const live = () => new AbortController().signal;

function graph(bytes: number): EmittedGraph {
  return { parts: [{ file: 'w', bytes, steps: [] }], inputs: [], outputs: [] } as unknown as EmittedGraph;
}

/** Components of `WEIGHTS` bytes each, of which so many fit at once. */
function setUp({ room = 99, bring = async (name: string) => name } = {}) {
  const names: readonly ComponentName[] = ['text', 'vision', 'audio'];
  const { gpuBytes } = emptyMemory('jspi');
  const events: string[] = [];
  const components = createComponents<string>({
    emitterOf: (name) => (names.includes(name) ? () => graph(WEIGHTS) : undefined),
    tier: 'jspi',
    precision: 'fp32',
    taken: emptyMemory('jspi'),
    async bring({ name }) {
      events.push(`bring ${name}`);
      return bring(name);
    },
    async close(session) {
      events.push(`close ${session}`);
    },
    admit: async (need) => (need.gpuBytes > gpuBytes + room * WEIGHTS ? room * WEIGHTS : undefined),
    onProgress: () => {},
    onDropped: (name) => events.push(`dropped ${name}`),
  });
  return { components, events };
}

describe('components that nobody uses', () => {
  it('leave when they are asked to, and come back when they are needed', async () => {
    const { components, events } = setUp();
    const end = await components.use(['text'], live());
    (await components.use(['vision'], live()))();
    expect(components.idleMemory()).toEqual({ gpuBytes: WEIGHTS, cpuBytes: 0 });
    await components.dropIdle();
    expect(events).toEqual(['bring text', 'bring vision', 'close vision', 'dropped vision']);
    expect(components.get('text').session).toBe('text');
    expect(() => components.get('vision')).toThrow(WebplatError);
    end();
    (await components.use(['text', 'vision'], live()))();
    expect(events.slice(4)).toEqual(['bring vision']);
  });

  it('make room for others of the same model, the longest unused first', async () => {
    const { components, events } = setUp({ room: 2 });
    for (const name of ['text', 'vision', 'text', 'audio'] as const) (await components.use([name], live()))();
    expect(events).toEqual(['bring text', 'bring vision', 'close vision', 'dropped vision', 'bring audio']);
  });

  it('do not leave while they are used, whatever is needed', async () => {
    const { components, events } = setUp({ room: 1 });
    const end = await components.use(['text'], live());
    await expect(components.use(['vision'], live())).rejects.toMatchObject({ code: 'out-of-memory' });
    end();
    end();
    (await components.use(['vision'], live()))();
    expect(events).toEqual(['bring text', 'close text', 'dropped text', 'bring vision']);
  });

  it('do not leave for what they are used together with', async () => {
    const { components, events } = setUp({ room: 1 });
    (await components.use(['text'], live()))();
    await expect(components.use(['text', 'vision'], live())).rejects.toMatchObject({ code: 'out-of-memory' });
    expect(events).toEqual(['bring text']);
    expect(components.idleMemory().gpuBytes).toBe(WEIGHTS);
  });

  it('are not those that are still loading', async () => {
    const { promise, resolve } = deferred<string>();
    const { components, events } = setUp({ bring: () => promise });
    const using = components.use(['text'], live());
    await Promise.resolve();
    await components.dropIdle();
    resolve('text');
    (await using)();
    expect(events).toEqual(['bring text']);
  });

  it('are forgotten when their load fails, and tried again', async () => {
    let broken = true;
    const bring = async (name: string) => {
      if (broken) throw new WebplatError('model-corrupt');
      return name;
    };
    const { components } = setUp({ bring });
    await expect(components.use(['text'], live())).rejects.toMatchObject({ code: 'model-corrupt' });
    broken = false;
    (await components.use(['text'], live()))();
    expect(components.idleMemory().gpuBytes).toBe(WEIGHTS);
  });
});

/** A text component with two layers, either of which can be changed, and one that none changes. */
function setUpAdapted() {
  let layers: AdaptedLayers = new Map();
  const events: string[] = [];
  const products = (names: readonly string[]) =>
    names
      .filter((name) => layers.has(name))
      .map((name) => ({
        name,
        inputs: 1,
        layers: [{ name, outputs: 1 }],
        replaced: layers.get(name) === 'replaced',
      }));
  const components = createComponents<string>({
    emitterOf: (name) => (storage) => ({
      ...graph(WEIGHTS),
      adapted: storage.adapted && name === 'text' ? products(['a', 'b']) : [],
    }),
    tier: 'jspi',
    precision: 'fp32',
    taken: emptyMemory('jspi'),
    adapted: () => layers,
    async bring({ name, graph: { adapted = [] } }) {
      events.push(`bring ${name} ${adapted.map((product) => product.name)}`);
      return name;
    },
    close: async (session) => void events.push(`close ${session}`),
    admit: async () => undefined,
    onProgress: () => {},
    onDropped: () => {},
  });
  const change = (...names: string[]) => {
    layers = new Map([...layers, ...names.map((name) => [name, 'added'] as const)]);
  };
  return { components, events, change };
}

describe('components that adapters change', () => {
  it('are written anew for layers that were not known, once nobody uses them, and no others are', async () => {
    const { components, events, change } = setUpAdapted();
    const end = await components.use(['text', 'vision'], live());
    expect(events.splice(0)).toEqual(['bring text ', 'bring vision ']);
    change('a');
    let done = false;
    const changed = components.use(['text', 'vision'], live(), true).then((release) => {
      done = true;
      return release;
    });
    // What is in use stays, and nothing that is planned meanwhile waits for it.
    (await components.reserve({ gpuBytes: 1, cpuBytes: 0 }))();
    expect({ events, done }).toEqual({ events: [], done: false });
    // Who comes for it now waits behind, so that requests without end do not keep an adapter waiting.
    const behind = components.use(['text'], live()).then((release) => {
      events.push('behind');
      return release;
    });
    end();
    (await changed)();
    (await behind)();
    expect(events.splice(0)).toEqual(['close text', 'bring text a', 'behind']);
    (await components.use(['text'], live(), true))();
    change('elsewhere');
    (await components.use(['text', 'vision'], live(), true))();
    expect(events).toEqual([]);
  });

  it('are left as they are for a request that gave up while it waited', async () => {
    const { components, events, change } = setUpAdapted();
    const end = await components.use(['text'], live());
    change('a', 'b');
    const abort = new AbortController();
    const waiting = components.use(['text'], abort.signal, true);
    const reserving = await components.reserve({ gpuBytes: 1, cpuBytes: 0 });
    const behind = components.use(['text'], live());
    reserving();
    abort.abort(new WebplatError('aborted'));
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    // What is in use still serves who waited behind.
    (await behind)();
    end();
    expect(events).toEqual(['bring text ']);
    (await components.use(['text'], live(), true))();
    expect(events.slice(1)).toEqual(['close text', 'bring text a,b']);
  });
});

describe('components that are in use without an adapter', () => {
  it('are neither waited for nor written anew when adapters change more', async () => {
    const { components, events, change } = setUpAdapted();
    const end = await components.use(['text'], live());
    change('a', 'b');
    (await components.use(['text'], live()))();
    end();
    (await components.use(['text'], live()))();
    expect(events).toEqual(['bring text ']);
  });
});

describe('memory beside components', () => {
  it('is taken from what nobody uses, counts until it is given back, and is refused where all is in use', async () => {
    const { components, events } = setUp({ room: 2 });
    (await components.use(['text'], live()))();
    const end = await components.use(['vision'], live());
    const giveBack = await components.reserve({ gpuBytes: WEIGHTS, cpuBytes: 0 });
    expect(events.splice(0)).toEqual(['bring text', 'bring vision', 'close text', 'dropped text']);
    await expect(components.use(['text'], live())).rejects.toMatchObject({ code: 'out-of-memory' });
    await expect(components.reserve({ gpuBytes: 1, cpuBytes: 0 })).rejects.toMatchObject({ code: 'out-of-memory' });
    giveBack();
    (await components.use(['text'], live()))();
    end();
  });
});
