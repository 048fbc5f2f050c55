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
}

/** A model that lives in a worker. The worker answers nobody else, and ends with the model. */
export function createWorkerModel({ worker, info, memory: firstMemory }: ClientStart): LoadedModel {
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

  function receive(message: FromWorker): void {
    if (message.kind === 'text') pending.get(message.id)?.events.onText?.(message.chunk);
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
    // The caller is free at once; the worker stops at the next token.
    const stop = onAbort(events.signal, (reason) => {
      worker.postMessage({ kind: 'abort', id } satisfies ToWorker);
      take(id)?.reject(reason);
    });
    try {
      worker.postMessage({ ...message, id }, transfer);
      return v.parse(schema, await answer);
    } finally {
      stop();
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
