import * as v from 'valibot';
import { fromWireError, WebplatError } from '../../../src/protocol/errors.ts';
import { onAbort } from '../../../src/shared/abort.ts';
import type { GenerateEvents, LoadedInfo, LoadedModel, MemoryUse, RunEvents } from '../engine.ts';
import { CountValue, FromWorker, GenerateValue, RunValue, type ToWorker } from './messages.ts';

/** A request without the number that the client gives it. */
type Ask = ToWorker extends infer M ? (M extends { id: number } ? Omit<M, 'id'> : never) : never;

interface Pending {
  readonly events: Partial<GenerateEvents & RunEvents>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What the worker said at the end of its load. */
export interface ClientStart {
  readonly worker: Worker;
  readonly info: LoadedInfo;
  readonly memory: MemoryUse;
  /** How long a worker may take to notice an abort before it is given up as stuck. */
  readonly abortDeadlineMs?: number;
}

/** Longer than the longest step, a prompt that fills the context, takes on a slow processor. */
const ABORT_DEADLINE_MS = 60_000;

/** A model that lives in a worker. The worker answers nobody else, and ends with the model. */
export function createWorkerModel(start: ClientStart): LoadedModel {
  const { worker, info, memory: firstMemory, abortDeadlineMs = ABORT_DEADLINE_MS } = start;
  const pending = new Map<number, Pending>();
  let memory = firstMemory;
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
    memory = { gpuBytes: 0, cpuBytes: 0 };
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
    if (message.kind === 'text') say(message);
    else if (message.kind === 'compute') pending.get(message.id)?.events.onCompute?.(message.computeMs);
    else if (message.kind === 'failed') fail(fromWireError(message.error));
    else if (message.kind === 'result' || message.kind === 'error') {
      memory = message.memory;
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
    // The device works until the running step ends. The request stays open until then, so that its time is metered and its
    // place is not given away before it is free.
    const stop = onAbort(events.signal, () => {
      worker.postMessage({ kind: 'abort', id } satisfies ToWorker);
      deadline = setTimeout(() => fail(new WebplatError('engine-failed')), abortDeadlineMs);
    });
    try {
      worker.postMessage({ ...message, id }, transfer);
      const value = await answer;
      events.signal?.throwIfAborted();
      return v.parse(schema, value);
    } catch (error) {
      if (!ended) events.signal?.throwIfAborted();
      throw error;
    } finally {
      stop();
      clearTimeout(deadline);
    }
  }

  return {
    info,
    failed,
    generate: (request, events) => ask(GenerateValue, { kind: 'generate', request }, events),
    countTokens: (input) => ask(CountValue, { kind: 'count', input }),
    run: (inputs, events) =>
      ask(
        RunValue,
        { kind: 'run', inputs },
        events,
        Object.values(inputs).map(({ data }) => data),
      ),
    memory: () => memory,
    async dispose() {
      end(new WebplatError('session-ended'));
    },
  };
}
