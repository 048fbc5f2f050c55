import { WebplatError } from '../../../src/protocol/errors.ts';
import { abortable, onAbort } from '../../../src/shared/abort.ts';
import { createMutex } from '../../../src/shared/mutex.ts';
import type { ComponentName } from '../../families/family.ts';
import type { DecoderShape } from '../../graphs/graph.ts';
import type { ComponentProgress, MemoryUse } from '../engine.ts';
import {
  addMemory,
  componentMemory,
  type LoadPlan,
  type PlannedComponent,
  type PlanRequest,
  planComponents,
} from './plan.ts';

/** A component in memory, ready to run. */
export interface OpenComponent<Session> {
  readonly planned: PlannedComponent;
  readonly session: Session;
}

export interface ComponentsEnvironment<Session> {
  /** What writes the graph of a component; undefined where the model has none of that name. */
  emitterOf(name: ComponentName): PlanRequest['wanted'][number]['emit'] | undefined;
  readonly tier: PlanRequest['tier'];
  readonly precision: PlanRequest['precision'];
  /** What the model takes before any component is loaded. */
  readonly taken: MemoryUse;
  /** Makes one component run; `urgency` grows when somebody waits for it. */
  bring(
    planned: PlannedComponent,
    options: { readonly maxSequences: number; readonly signal: AbortSignal; readonly urgency: () => number },
  ): Promise<Session>;
  /** Asks for memory; answers the budget that stands in the way, or undefined when it is granted. */
  admit(need: MemoryUse): Promise<number | undefined>;
  onProgress(progress: ComponentProgress): void;
}

/** The components of a model, each loaded once, when it is first needed. */
export interface Components<Session> {
  /**
   * Loads what is missing of `names`, all of it at once, and waits for it. Work that nobody waits for any more is stopped.
   *
   * @throws WebplatError `out-of-memory` when it does not fit, however it is stored.
   */
  need(names: readonly ComponentName[], signal: AbortSignal): Promise<void>;
  /** @throws WebplatError `internal` for a component that was not waited for. */
  get(name: ComponentName): OpenComponent<Session>;
  /** The shape of the decoder, when one is loaded. */
  readonly decoder: DecoderShape | undefined;
  readonly maxSequences: number;
}

interface Entry<Session> {
  readonly ready: Promise<OpenComponent<Session>>;
  readonly abort: AbortController;
  readonly memory: MemoryUse;
  open?: OpenComponent<Session>;
  waiters: number;
  /** When it was last asked for: what is wanted latest is wanted most. */
  urgency: number;
}

export function createComponents<Session>(environment: ComponentsEnvironment<Session>): Components<Session> {
  const { tier, precision, bring, onProgress } = environment;
  const entries = new Map<ComponentName, Entry<Session>>();
  const planning = createMutex();
  let maxSequences = Number.POSITIVE_INFINITY;
  let asked = 0;

  async function startMissing(names: readonly ComponentName[]): Promise<void> {
    const missing = names.filter((name) => !entries.has(name));
    if (missing.length === 0) return;
    const wanted = missing.map((name) => {
      const emit = environment.emitterOf(name);
      if (!emit) throw new WebplatError('internal');
      return { name, emit };
    });
    const taken = [...entries.values()].map(({ memory }) => memory).reduce(addMemory, environment.taken);
    const plan = await choosePlan(planComponents({ tier, precision, wanted, taken }), environment.admit);
    maxSequences = Math.min(maxSequences, plan.maxSequences);
    for (const planned of plan.components) start(planned, plan);
  }

  function start(planned: PlannedComponent, plan: LoadPlan): void {
    const abort = new AbortController();
    const { name } = planned;
    const urgency = () => entry.urgency;
    const brought = bring(planned, { maxSequences: plan.maxSequences, signal: abort.signal, urgency });
    const entry: Entry<Session> = {
      abort,
      memory: componentMemory(tier, planned, plan.maxSequences),
      waiters: 0,
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

  async function waitFor(name: ComponentName, signal: AbortSignal): Promise<void> {
    const entry = entries.get(name);
    if (!entry) throw new WebplatError('internal');
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

  return {
    async need(names, signal) {
      signal.throwIfAborted();
      asked += 1;
      await planning.run(() => startMissing(names));
      await Promise.all(names.map((name) => waitFor(name, signal)));
    },
    get(name) {
      const open = entries.get(name)?.open;
      if (!open) throw new WebplatError('internal');
      return open;
    },
    get decoder() {
      return [...entries.values()].find(({ open }) => open?.planned.graph.shape)?.open?.planned.graph.shape;
    },
    get maxSequences() {
      return maxSequences;
    },
  };
}

/** The best way that memory is granted for. */
async function choosePlan(
  plans: Iterable<LoadPlan>,
  admit: ComponentsEnvironment<unknown>['admit'],
): Promise<LoadPlan> {
  let leastBytes = Number.POSITIVE_INFINITY;
  let quota = 0;
  for (const plan of plans) {
    const quotaBytes = await admit(plan.memory);
    if (quotaBytes === undefined) return plan;
    quota = quotaBytes;
    leastBytes = Math.min(leastBytes, plan.memory.gpuBytes || plan.memory.cpuBytes);
  }
  throw new WebplatError('out-of-memory', 'The model does not fit, however it is stored.', {
    requested: leastBytes,
    quota,
  });
}
