import { WebplatError } from '../../../src/protocol/errors.ts';
import type { StoredPrecision } from '../../../src/protocol/hardware.ts';
import { abortable, onAbort } from '../../../src/shared/abort.ts';
import { createMutex } from '../../../src/shared/mutex.ts';
import type { ComponentName } from '../../families/family.ts';
import type { AdaptedLayers } from '../../graphs/build/adapted.ts';
import { type DecoderShape, storageOf } from '../../graphs/graph.ts';
import type { ComponentProgress, MemoryUse } from '../engine.ts';
import { choosePlan } from './choose-plan.ts';
import { adaptable, type Entry, type OpenComponent, reaches, tellWaiting, waitUntilUnused } from './component-entry.ts';
import {
  addMemory,
  componentMemory,
  type LoadPlan,
  type PlannedComponent,
  type PlanRequest,
  planComponents,
} from './plan.ts';

export interface ComponentsEnvironment<Session> {
  /** What writes the graph of a component; undefined where the model has none of that name. */
  emitterOf(name: ComponentName): PlanRequest['wanted'][number]['emit'] | undefined;
  readonly tier: PlanRequest['tier'];
  readonly precision: PlanRequest['precision'];
  /** What the model takes before any component is loaded. */
  readonly taken: MemoryUse;
  /** Linear layers that adapters change: components are written so that they can be. None, if left out. */
  readonly adapted?: () => AdaptedLayers;
  /** Lets go of something beside components that nobody uses; false when there is nothing. */
  readonly dropOther?: () => boolean;
  /** Makes one component run; `urgency` grows when somebody waits for it. */
  bring(
    planned: PlannedComponent,
    options: { readonly maxSequences: number; readonly signal: AbortSignal; readonly urgency: () => number },
  ): Promise<Session>;
  /** Gives the memory of one back. */
  close(session: Session): Promise<void>;
  /** Asks for memory; answers the budget that stands in the way, or undefined when it is granted. */
  admit(need: MemoryUse): Promise<number | undefined>;
  onProgress(progress: ComponentProgress): void;
  onDropped(name: ComponentName): void;
}

/** The components of a model, each loaded once, when it is first needed, and exchanged one by one where memory is short. */
export interface Components<Session> {
  /**
   * Loads what is missing of `names`, all of it at once, and waits for it. Work that nobody waits for any more is stopped.
   *
   * @param changed whether an adapter changes them: what is not written for its layers is written anew, once nobody uses it
   * @returns a function that ends the use: until then, none of them leaves
   * @throws WebplatError `out-of-memory` when it does not fit, however it is stored.
   */
  use(names: readonly ComponentName[], signal: AbortSignal, changed?: boolean): Promise<() => void>;
  /**
   * Takes memory for something beside components; what nobody uses leaves for it.
   *
   * @returns a function that gives it back
   * @throws WebplatError `out-of-memory`
   */
  reserve(need: MemoryUse): Promise<() => void>;
  /** Lets everything go that nobody uses. */
  dropIdle(): Promise<void>;
  /** What that would give back. */
  idleMemory(): MemoryUse;
  /** @throws WebplatError `internal` for a component that is not in use. */
  get(name: ComponentName): OpenComponent<Session>;
  /** The first session that a test holds for. */
  find(test: (session: Session) => boolean): Session | undefined;
  /** The shape of the decoder, when one is loaded. */
  readonly decoder: DecoderShape | undefined;
  readonly maxSequences: number;
  /** How the components that are loaded are stored; undefined before there is one. */
  readonly precision: StoredPrecision | undefined;
}

const NOTHING: MemoryUse = { gpuBytes: 0, cpuBytes: 0 };

export function createComponents<Session>(environment: ComponentsEnvironment<Session>): Components<Session> {
  const { tier, precision, bring, onProgress } = environment;
  const entries = new Map<ComponentName, Entry<Session>>();
  const planning = createMutex();
  const reserved = new Set<MemoryUse>();
  let maxSequences = Number.POSITIVE_INFINITY;
  let asked = 0;

  const taken = (): MemoryUse =>
    [...[...entries.values()].map(({ memory }) => memory), ...reserved].reduce(addMemory, environment.taken);

  /** Whether adapters change layers of a component that were not known when it was written. */
  function isOutgrown(entry: Entry<Session>, layers: AdaptedLayers | undefined): boolean {
    if (!layers?.size || entry.adapted === layers) return false;
    const wanted = environment.emitterOf(entry.name)?.(adaptable(storageOf('fp32'), layers)).adapted ?? [];
    const fits = reaches(entry.products, wanted);
    if (fits) entry.adapted = layers;
    return !fits;
  }

  /**
   * Takes components out that have to be written anew for what adapters change; answers those that are still in use.
   *
   * @throws WebplatError `out-of-memory` where layers are read from disk: others would lose what they can only have that way
   */
  async function dropOutgrown(names: readonly ComponentName[]): Promise<readonly Entry<Session>[]> {
    const layers = environment.adapted?.();
    const outgrown = names.flatMap((name) => entries.get(name) ?? []).filter((entry) => isOutgrown(entry, layers));
    if (outgrown.some(({ open }) => open?.planned.streamed)) {
      throw new WebplatError('out-of-memory', 'An adapter needs all layers of its model in memory.');
    }
    await drop(outgrown.filter(({ open, users }) => open && users === 0));
    return outgrown.filter((entry) => entries.get(entry.name) === entry);
  }

  async function startMissing(names: readonly ComponentName[], changed: boolean): Promise<void> {
    const missing = names.filter((name) => !entries.has(name));
    if (missing.length === 0) return;
    const wanted = missing.map((name) => {
      const emit = environment.emitterOf(name);
      if (!emit) throw new WebplatError('internal');
      return { name, emit };
    });
    const adapted = environment.adapted?.();
    function* plans() {
      const request = { tier, precision, wanted, taken: taken() };
      yield* planComponents({ ...request, adapted });
      // Without an adapter there are ways that do not have all layers in memory.
      if (!changed && adapted?.size) yield* planComponents(request);
    }
    const plan = await choosePlan(plans, environment.admit, dropOne);
    maxSequences = Math.min(maxSequences, plan.maxSequences);
    for (const planned of plan.components) start(planned, plan, adapted);
  }

  function start(planned: PlannedComponent, plan: LoadPlan, adapted: AdaptedLayers | undefined): void {
    const abort = new AbortController();
    const { name } = planned;
    const urgency = () => entry.urgency;
    const brought = bring(planned, { maxSequences: plan.maxSequences, signal: abort.signal, urgency });
    const entry: Entry<Session> = {
      name,
      abort,
      memory: componentMemory(tier, planned, plan.maxSequences),
      waiters: 0,
      products: planned.graph.adapted ?? [],
      adapted: planned.graph === planned.stored ? undefined : adapted,
      awaited: 0,
      onUnused: [],
      users: 0,
      urgency: 0,
      ready: brought.then(
        (session) => {
          entry.open = { planned, session };
          onProgress({ component: name, phase: 'ready', doneBytes: 1, totalBytes: 1 });
          return entry.open;
        },
        (error) => {
          entries.delete(name);
          throw error;
        },
      ),
    };
    entry.ready.catch(() => {});
    entries.set(name, entry);
  }

  async function waitFor(entry: Entry<Session>, signal: AbortSignal): Promise<void> {
    entry.waiters += 1;
    entry.urgency = asked;
    // A load is stopped only by the last of those who wait for it.
    const stop = onAbort(signal, (reason) => {
      entry.waiters -= 1;
      if (entry.waiters === 0 && !entry.open) entry.abort.abort(reason);
    });
    try {
      await abortable(entry.ready, signal);
      entry.waiters -= 1;
    } finally {
      stop();
    }
  }

  const idle = (): Entry<Session>[] =>
    [...entries.values()].filter(({ open, users }) => open && users === 0).sort((a, b) => a.urgency - b.urgency);

  /** Takes what is asked for out of the list at once, so that nobody begins to use what is about to go. */
  async function drop(leaving: readonly Entry<Session>[]): Promise<void> {
    for (const { name } of leaving) entries.delete(name);
    for (const { name, open } of leaving) {
      if (open) await environment.close(open.session);
      environment.onDropped(name);
    }
  }

  /** Lets go of what was not used for longest; false when everything is in use. */
  async function dropOne(): Promise<boolean> {
    if (environment.dropOther?.()) return true;
    const [oldest] = idle();
    if (oldest) await drop([oldest]);
    return oldest !== undefined;
  }

  return {
    async use(names, signal, changed = false) {
      signal.throwIfAborted();
      asked += 1;
      const held = new Set<Entry<Session>>();
      const hold = () => {
        for (const name of names) {
          const entry = entries.get(name);
          if (!entry || held.has(entry)) continue;
          held.add(entry);
          entry.users += 1;
        }
      };
      const release = () => {
        for (const entry of held) {
          entry.users -= 1;
          if (entry.users === 0) tellWaiting(entry);
        }
        held.clear();
      };
      try {
        for (;;) {
          const inUse = await planning.run(async () => {
            // Who needs no change of them waits only behind those who do.
            const inTheWay = changed
              ? await dropOutgrown(names)
              : names.flatMap((name) => entries.get(name) ?? []).filter(({ awaited }) => awaited > 0);
            if (inTheWay.length > 0) return inTheWay;
            // What is there already must not leave for what is missing.
            hold();
            await startMissing(names, changed);
            hold();
            return [];
          });
          if (inUse.length === 0) break;
          // Not in turn: those who use them may want to plan something before they are done.
          await Promise.all(inUse.map((entry) => waitUntilUnused(entry, signal, changed)));
        }
        await Promise.all([...held].map((entry) => waitFor(entry, signal)));
        return release;
      } catch (error) {
        release();
        throw error;
      }
    },
    reserve: (need) =>
      planning.run(async () => {
        const memory = () => addMemory(taken(), need);
        const way = () => [{ components: [], maxSequences, memory: memory() }];
        await choosePlan(way, environment.admit, dropOne);
        const own = { ...need };
        reserved.add(own);
        return () => reserved.delete(own);
      }),
    dropIdle: () => drop(idle()),
    idleMemory: () => idle().reduce((sum, { memory }) => addMemory(sum, memory), NOTHING),
    get(name) {
      const open = entries.get(name)?.open;
      if (!open) throw new WebplatError('internal');
      return open;
    },
    find: (test) => [...entries.values()].flatMap(({ open }) => (open ? [open.session] : [])).find(test),
    get decoder() {
      return [...entries.values()].find(({ open }) => open?.planned.graph.shape)?.open?.planned.graph.shape;
    },
    get maxSequences() {
      return maxSequences;
    },
    get precision() {
      const stored = new Set([...entries.values()].flatMap(({ open }) => (open ? [open.planned.precision] : [])));
      return stored.size > 1 ? 'mixed' : [...stored][0];
    },
  };
}
