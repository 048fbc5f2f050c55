import * as v from 'valibot';
import { fromWireError, WebplatError } from '../../../src/protocol/errors.ts';
import { TASKS } from '../../../src/protocol/tasks/tasks.ts';
import { onAbort } from '../../../src/shared/abort.ts';
import type { GenerateEvents, LoadedInfo, LoadedModel, PerformEvents } from '../engine.ts';
import type { ToldAdapters } from './adapters/told-adapters.ts';
import type { Attendant } from './attend.ts';
import { CountValue, DoneValue, FromWorker, GenerateValue, RunValue, type State, type ToWorker } from './messages.ts';
import type { AdaptedUse } from './open-model.ts';
import { backendOf } from './placements.ts';

/** A request without the number that the client gives it. */
type Ask = ToWorker extends infer M ? (M extends { id: number } ? Omit<M, 'id'> : never) : never;

interface Pending {
  readonly events: Partial<GenerateEvents & PerformEvents>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What the worker said at the end of its load. */
export interface ClientStart {
  readonly worker: Worker;
  readonly info: Omit<LoadedInfo, 'contextTokens' | 'maxSequences' | 'precision'>;
  readonly state: State;
  /** What it was loaded for, as the worker was told. */
  readonly use: AdaptedUse;
  readonly adapters: Pick<ToldAdapters, 'adapterOf' | 'begin'>;
  readonly attendant: Attendant;
  /** How long a worker may take to notice an abort before it is given up as stuck. */
  readonly abortDeadlineMs?: number;
}

/** Longer than the longest step, a prompt that fills the context, takes on a slow processor. */
const ABORT_DEADLINE_MS = 60_000;

/** A model that lives in a worker. The worker answers nobody else, and ends with the model. */
export function createWorkerModel(start: ClientStart): LoadedModel {
  const { worker, info, use: firstUse, adapters, attendant, abortDeadlineMs = ABORT_DEADLINE_MS } = start;
  const pending = new Map<number, Pending>();
  const prepared = new Set([keyOf(firstUse)]);
  let { state } = start;
  let lastId = 0;
  let ended: WebplatError | undefined;
  let settleFailed: (error: WebplatError) => void = () => {};
  const failed = new Promise<WebplatError>((resolve) => {
    settleFailed = resolve;
  });

  function end(error: WebplatError): void {
    if (ended) return;
    ended = error;
    worker.terminate();
    attendant.end();
    state = { ...state, memory: { gpuBytes: 0, cpuBytes: 0 } };
    for (const request of pending.values()) request.reject(error);
    pending.clear();
  }

  function fail(error: WebplatError): void {
    if (!ended) settleFailed(error);
    end(error);
  }

  function take(id: number): Pending | undefined {
    const request = pending.get(id);
    pending.delete(id);
    return request;
  }

  /** Text that was on its way when its reader left is nobody's. */
  function say({ id, chunk }: Extract<FromWorker, { kind: 'text' }>): void {
    const events = pending.get(id)?.events;
    if (!events?.signal?.aborted) events?.onText?.(chunk);
  }

  function receive(message: FromWorker): void {
    if (message.kind === 'dropped') prepared.clear();
    if (attendant.attend(message)) return;
    if (message.kind === 'text') say(message);
    else if (message.kind === 'tokens') pending.get(message.id)?.events.onTokens?.(message.count);
    else if (message.kind === 'compute') pending.get(message.id)?.events.onCompute?.(message.computeMs);
    else if (message.kind === 'failed') fail(fromWireError(message.error));
    else if (message.kind === 'result' || message.kind === 'error') {
      state = message.state;
      const request = take(message.id);
      if (message.kind === 'result') request?.resolve(message.value);
      else request?.reject(fromWireError(message.error));
    }
  }

  worker.onmessage = ({ data }) => {
    const message = v.safeParse(FromWorker, data);
    if (message.success) receive(message.output);
    else fail(new WebplatError('engine-failed'));
  };
  worker.onmessageerror = () => fail(new WebplatError('engine-failed'));
  worker.onerror = (event) => {
    event.preventDefault();
    fail(new WebplatError('engine-failed'));
  };

  async function ask<S extends v.GenericSchema>(
    schema: S,
    message: Ask,
    events: Pending['events'] & { readonly signal?: AbortSignal } = {},
    transfer: Transferable[] = [],
  ): Promise<v.InferOutput<S>> {
    if (ended) throw ended;
    events.signal?.throwIfAborted();
    lastId += 1;
    const id = lastId;
    const answer = new Promise<unknown>((resolve, reject) => pending.set(id, { events, resolve, reject }));
    let deadline: ReturnType<typeof setTimeout> | undefined;
    const adapter = adapterIn(message);
    const leave = adapter === undefined ? undefined : adapters.begin(adapter);
    let succeeded = false;
    // The device works until the running step ends. The request stays open until then, so that its time is metered and its
    // place is not given away before it is free.
    const stop = onAbort(events.signal, () => {
      worker.postMessage({ kind: 'abort', id } satisfies ToWorker);
      deadline = setTimeout(() => fail(new WebplatError('engine-failed')), abortDeadlineMs);
    });
    try {
      worker.postMessage({ ...message, id }, transfer);
      const value = await answer;
      succeeded = true;
      events.signal?.throwIfAborted();
      return v.parse(schema, value);
    } catch (error) {
      if (!ended) events.signal?.throwIfAborted();
      throw error;
    } finally {
      stop();
      clearTimeout(deadline);
      leave?.(succeeded);
    }
  }

  /** The model as it is, or as an adapter changes it, which is asked for anew with every request. */
  const modelWith = (changed: () => { readonly adapter?: number }): LoadedModel => ({
    get info() {
      const { contextTokens, maxSequences, precision, placements, streaming } = state;
      return {
        ...info,
        ...(placements && { placements, backend: backendOf(placements) }),
        maxSequences,
        ...(streaming && { streaming }),
        ...(precision && { precision }),
        ...(contextTokens !== undefined && { contextTokens }),
      };
    },
    failed,
    async prepare(wanted, signal) {
      const use = { ...wanted, ...changed() };
      if (prepared.has(keyOf(use))) return;
      await ask(DoneValue, { kind: 'prepare', use }, { signal });
      prepared.add(keyOf(use));
    },
    generate: (request, events) => ask(GenerateValue, { kind: 'generate', ...changed(), request }, events),
    perform: ({ task, input, options, maxNewTokens }, events) =>
      ask(
        TASKS[task].output,
        { kind: 'perform', ...changed(), request: { task, input, options, maxNewTokens } },
        events,
        buffersIn(input),
      ),
    countTokens: (input) => ask(CountValue, { kind: 'count', ...changed(), input }),
    run: ({ graph, inputs }, events) =>
      ask(
        RunValue,
        { kind: 'run', ...changed(), ...(graph !== undefined && { graph }), inputs },
        events,
        Object.values(inputs).map(({ data }) => data),
      ),
    memory: () => state.memory,
    async dropIdle() {
      await ask(DoneValue, { kind: 'drop-idle' });
    },
    adapted: (manifest, files) => modelWith(() => ({ adapter: adapters.adapterOf(manifest, files) })),
    async dispose() {
      end(new WebplatError('session-ended'));
    },
  });
  return modelWith(() => ({}));
}

const adapterIn = (message: Ask): number | undefined =>
  'use' in message ? message.use.adapter : 'adapter' in message ? message.adapter : undefined;

/** The buffers anywhere in an input, each once. */
function buffersIn(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (value instanceof ArrayBuffer) found.add(value);
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) buffersIn(item, found);
  return [...found];
}

const keyOf = ({ task, graph = '', adapter = -1 }: AdaptedUse): string => `${task} ${graph} ${adapter}`;
