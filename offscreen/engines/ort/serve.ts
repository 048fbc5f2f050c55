import * as v from 'valibot';
import { toWireError, WebplatError } from '../../../src/protocol/errors.ts';
import type { TensorMap } from '../../../src/protocol/tensor.ts';
import { createConverterSpawner } from '../../convert/converter-workers.ts';
import { NotNumbers } from '../../processing/results/not-numbers.ts';
import { createBusySign } from '../../schedule/busy.ts';
import { createFileServiceClient } from '../../store/file-service.ts';
import type { ModelFile } from '../../store/manifest.ts';
import { performTask } from '../../tasks/perform-task.ts';
import type { TaskModel } from '../../tasks/task-model.ts';
import { runTensors } from '../../tasks/tensors.ts';
import { generateText } from '../../tasks/text-generation.ts';
import type { MemoryUse, PerformRequest } from '../engine.ts';
import { type FromWorker, type State, ToWorker } from './messages.ts';
import { type AdaptedUse, type OpenModel, openModel } from './open-model.ts';
import { TierRefused } from './start-component.ts';

/** The worker's end of the engine: one model, loaded by the first message. */
export interface WorkerPort {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

type Of<Kind extends ToWorker['kind']> = Extract<ToWorker, { kind: Kind }>;
type Request = Of<'prepare' | 'drop-idle' | 'generate' | 'perform' | 'count' | 'run'>;

type Computing = Exclude<Request, Of<'drop-idle' | 'count'>>;

function useOf(request: Computing): AdaptedUse {
  if (request.kind === 'prepare') return request.use;
  const { adapter } = request;
  if (request.kind === 'run') return { task: 'tensors', graph: request.graph, adapter };
  return { task: request.kind === 'perform' ? request.request.task : 'text-generation', adapter };
}

export function serveEngine(port: WorkerPort): void {
  const running = new Map<number, AbortController>();
  let model: OpenModel | undefined;
  const busy = createBusySign();
  const post = (message: FromWorker, transfer: Transferable[] = []) => port.postMessage(message, transfer);
  const service = createFileServiceClient(post);
  const converters = createConverterSpawner(post);
  const adapters = new Map<number, readonly ModelFile[]>();
  let admitted = (_quotaBytes: number | undefined) => {};
  /** Asks for memory; answers the budget that stands in the way, or undefined when it is granted. */
  const admit = (memory: MemoryUse) =>
    new Promise<number | undefined>((resolve) => {
      admitted = resolve;
      post({ kind: 'admit', memory: { ...memory } });
    });
  const fail = (error: unknown) => post({ kind: 'failed', error: toWireError(error) });

  async function load(message: Of<'load'>): Promise<void> {
    const { assetBase, manifest, tier, precision, use, inSequence } = message;
    try {
      const opened = await openModel({
        tier,
        precision,
        inSequence,
        busy,
        contentHash: manifest.contentHash,
        files: manifest.files,
        service,
        spawnConverter: converters.spawn,
        adapterFiles(adapter) {
          const told = adapters.get(adapter);
          if (!told) throw new WebplatError('internal');
          return { files: told, service: service.of(adapter) };
        },
        assetBase: new URL(assetBase),
        onProgress: (progress) => post({ kind: 'progress', ...progress }),
        onDropped: (component) => post({ kind: 'dropped', component }),
        admit,
      });
      // A load that nobody wants any more ends with its worker.
      const used = await opened.use(use, new AbortController().signal);
      used.release();
      model = opened;
      void opened.broken.then(fail);
      post({ kind: 'loaded', ...(opened.adapter && { adapter: opened.adapter }), state: stateOf(opened) });
    } catch (error) {
      if (error instanceof TierRefused) post({ kind: 'refused', reason: error.message.slice(0, 512) });
      else fail(error);
    }
  }

  async function compute(opened: OpenModel, request: Request, signal: AbortSignal): Promise<unknown> {
    if (request.kind === 'drop-idle') {
      await opened.dropIdle();
      return {};
    }
    if (request.kind === 'count') {
      const texts = await opened.texts(request.adapter);
      return texts.tokenizer().encode(request.input).length;
    }
    const used = await opened.use(useOf(request), signal);
    try {
      return await run(used.model, request, signal);
    } finally {
      used.release();
    }
  }

  /** Does what needs components, which stay as long as it takes. */
  async function run(used: TaskModel, request: Computing, signal: AbortSignal): Promise<unknown> {
    if (request.kind === 'prepare') return {};
    const { id } = request;
    const onCompute = (computeMs: number) => post({ kind: 'compute', id, computeMs });
    if (request.kind === 'run') return runTensors(used, request, { signal, onCompute });
    if (request.kind === 'perform') {
      const onTokens = (count: number) => post({ kind: 'tokens', id, count });
      // Checked against the task's schema when it came from the page.
      const asked = request.request as PerformRequest;
      return performTask(used, asked, { signal, onCompute, onTokens });
    }
    const onText: Parameters<typeof generateText>[3]['onText'] = (chunk) => post({ kind: 'text', id, chunk });
    const events = { signal, onText, onCompute };
    return generateText(used.decoder('decoder'), used.tokenizer(), request.request, events);
  }

  async function answer(request: Request): Promise<void> {
    const { id } = request;
    const abort = new AbortController();
    running.set(id, abort);
    try {
      if (!model) throw new WebplatError('internal');
      const value = await compute(model, request, abort.signal);
      post({ kind: 'result', id, value, state: stateOf(model) }, buffersOf(request.kind, value));
    } catch (caught) {
      const error = blameAdapter(caught, request);
      if (isFatal(error)) return fail(error instanceof TierRefused ? new WebplatError('engine-failed') : error);
      post({ kind: 'error', id, error: toWireError(error), state: stateOf(model) });
    } finally {
      running.delete(id);
    }
  }

  port.onmessage = ({ data }) => {
    const message = v.parse(ToWorker, data);
    if (message.kind === 'load') void load(message);
    else if (message.kind === 'adapter') adapters.set(message.adapter, message.files);
    else if (message.kind === 'admitted') admitted(message.quotaBytes);
    else if (message.kind === 'busy') busy.set(message.busy);
    else if (message.kind === 'answer') service.receive(message);
    else if (message.kind === 'converter-broke') converters.receive(message);
    else if (message.kind === 'abort') running.get(message.id)?.abort(new WebplatError('aborted'));
    else void answer(message);
  };
}

function stateOf(model: OpenModel | undefined): State {
  if (!model) return { maxSequences: 1, memory: { gpuBytes: 0, cpuBytes: 0 } };
  const { contextTokens, maxSequences, precision } = model;
  const placements = [...model.placements()];
  const streaming = model.streaming();
  return {
    maxSequences,
    memory: model.memory(),
    ...(precision && { precision }),
    ...(contextTokens !== undefined && { contextTokens }),
    ...(placements.length > 0 && { placements }),
    ...(streaming && { streaming }),
  };
}

/** What an adapter is like must not end the model for others, as a runtime that fails does. */
function blameAdapter(error: unknown, request: Request): unknown {
  const adapter = request.kind === 'prepare' ? request.use.adapter : 'adapter' in request ? request.adapter : undefined;
  if (adapter === undefined || !(error instanceof NotNumbers)) return error;
  return new WebplatError('model-corrupt', undefined, { reason: 'With the adapter, the model computes no numbers.' });
}

/** A runtime that failed once cannot be trusted with another request: the worker ends, and the model loads anew. */
const isFatal = (error: unknown): boolean =>
  error instanceof TierRefused ||
  (error instanceof WebplatError && (error.code === 'engine-failed' || error.code === 'device-lost'));

/** What of a result is moved to the host rather than copied. */
function buffersOf(kind: Request['kind'], value: unknown): Transferable[] {
  if (kind === 'run') return Object.values(value as TensorMap).map(({ data }) => data);
  if (kind !== 'perform') return [];
  const { data } = value as { readonly data?: unknown };
  return data instanceof ArrayBuffer ? [data] : [];
}
