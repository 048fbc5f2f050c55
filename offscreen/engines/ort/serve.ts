import * as v from 'valibot';
import { toWireError, WebplatError } from '../../../src/protocol/errors.ts';
import type { TensorMap } from '../../../src/protocol/tensor.ts';
import { createFileServiceClient } from '../../store/file-service.ts';
import { createModelReader } from '../../store/model-reader.ts';
import { runDecoder } from '../../tasks/tensors.ts';
import { generateText } from '../../tasks/text-generation.ts';
import type { MemoryUse } from '../engine.ts';
import { loadModel, type RunningModel, TierRefused } from './load.ts';
import { type FromWorker, ToWorker } from './messages.ts';

/** The worker's end of the engine: one model, loaded by the first message. */
export interface WorkerPort {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

type Of<Kind extends ToWorker['kind']> = Extract<ToWorker, { kind: Kind }>;
type Request = Of<'generate' | 'count' | 'run'>;

export function serveEngine(port: WorkerPort): void {
  const running = new Map<number, AbortController>();
  let model: RunningModel | undefined;
  const post = (message: FromWorker, transfer: Transferable[] = []) => port.postMessage(message, transfer);
  const service = createFileServiceClient(post);
  let admitted = (_quotaBytes: number | undefined) => {};
  /** Asks for memory; answers the budget that stands in the way, or undefined when it is granted. */
  const admit = (memory: MemoryUse) =>
    new Promise<number | undefined>((resolve) => {
      admitted = resolve;
      post({ kind: 'admit', memory: { ...memory } });
    });
  const fail = (error: unknown) => post({ kind: 'failed', error: toWireError(error) });

  async function load(message: Of<'load'>): Promise<void> {
    const { assetBase, manifest, tier, precision } = message;
    const signal = new AbortController().signal;
    const onProgress = (progress: Extract<FromWorker, { kind: 'progress' }>['progress']) =>
      post({ kind: 'progress', progress });
    try {
      const loaded = await loadModel({
        tier,
        precision,
        contentHash: manifest.contentHash,
        files: createModelReader(manifest.files, service, signal),
        assetBase: new URL(assetBase),
        signal,
        onProgress,
        admit,
      });
      model = loaded;
      void loaded.broken.then(fail);
      onProgress({ phase: 'ready', fraction: 1 });
      post({
        kind: 'loaded',
        ...(loaded.adapter && { adapter: loaded.adapter }),
        contextTokens: loaded.decoder.shape.contextTokens,
        maxSequences: loaded.maxSequences,
        memory: loaded.memory(),
      });
    } catch (error) {
      if (error instanceof TierRefused) post({ kind: 'refused', reason: error.message.slice(0, 512) });
      else fail(error);
    }
  }

  async function compute(
    { decoder, tokenizer }: RunningModel,
    request: Request,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { id } = request;
    const onCompute = (computeMs: number) => post({ kind: 'compute', id, computeMs });
    if (request.kind === 'count') return tokenizer.encode(request.input).length;
    if (request.kind === 'run') return runDecoder(decoder, request.inputs, { signal, onCompute });
    const onText: Parameters<typeof generateText>[3]['onText'] = (chunk) => post({ kind: 'text', id, chunk });
    return generateText(decoder, tokenizer, request.request, { signal, onText, onCompute });
  }

  async function answer(request: Request): Promise<void> {
    const { id } = request;
    const abort = new AbortController();
    running.set(id, abort);
    try {
      if (!model) throw new WebplatError('internal');
      const value = await compute(model, request, abort.signal);
      post({ kind: 'result', id, value, memory: model.memory() }, request.kind === 'run' ? buffersOf(value) : []);
    } catch (error) {
      if (isFatal(error)) return fail(error);
      post({ kind: 'error', id, error: toWireError(error), memory: model?.memory() ?? { gpuBytes: 0, cpuBytes: 0 } });
    } finally {
      running.delete(id);
    }
  }

  port.onmessage = ({ data }) => {
    const message = v.parse(ToWorker, data);
    if (message.kind === 'load') void load(message);
    else if (message.kind === 'admitted') admitted(message.quotaBytes);
    else if (message.kind === 'answer') service.receive(message);
    else if (message.kind === 'abort') running.get(message.id)?.abort(new WebplatError('aborted'));
    else void answer(message);
  };
}

/** A runtime that failed once cannot be trusted with another request: the worker ends, and the model loads anew. */
const isFatal = (error: unknown): boolean =>
  error instanceof WebplatError && (error.code === 'engine-failed' || error.code === 'device-lost');

const buffersOf = (value: unknown): Transferable[] => Object.values(value as TensorMap).map(({ data }) => data);
