import { createConverterHost } from '../../../../offscreen/convert/converter-workers.ts';
import { answerFileAsk } from '../../../../offscreen/store/file-service.ts';
import { createPackagedSource } from '../../../../offscreen/store/packaged-source.ts';
import type { TaskCall, TaskCalls } from './tasks-worker.ts';

interface TaskWorker {
  readonly worker: Worker;
  readonly converters: ReturnType<typeof createConverterHost>;
  settle(data: unknown): void;
}

const workers = new Map<number, TaskWorker>();
let last = 0;

type Answer = { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'error'; readonly error: unknown };

/** Starts a worker that calls functions of tasks on a model; its first call is `open`. */
export function startTasks(assetBase: URL, manifest: Parameters<TaskCalls['open']>[0]['manifest']): number {
  const worker = new Worker(new URL('./tasks-worker.ts', import.meta.url), { type: 'module' });
  const files = createPackagedSource(assetBase).open(manifest, new AbortController().signal, () => {});
  const converters = createConverterHost((message) => worker.postMessage(message));
  const started: TaskWorker = { worker, converters, settle: () => {} };
  worker.onmessage = ({ data }) => {
    if (data.kind === 'ask') void answerFileAsk(data, files).then((answer) => worker.postMessage(answer));
    else if (data.kind === 'converter' || data.kind === 'converter-end') converters.receive(data);
    else started.settle(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    started.settle({ kind: 'error', error: { code: 'worker', message: event.message, text: event.message } });
  };
  last += 1;
  workers.set(last, started);
  return last;
}

/** Calls one function; the next call follows its answer. */
export async function callTask(id: number, call: TaskCall) {
  const entry = workers.get(id);
  if (!entry) throw new Error('No such worker.');
  const answer = await new Promise<Answer>((resolve) => {
    entry.settle = (data) => resolve(data as Answer);
    entry.worker.postMessage(call);
  });
  return answer.kind === 'value'
    ? { value: answer.value as ReturnType<TaskCalls[keyof TaskCalls]> }
    : { error: answer.error as { code: string; message: string; text: string } };
}

export function endTasks(id: number): void {
  workers.get(id)?.worker.terminate();
  workers.get(id)?.converters.end();
  workers.delete(id);
}
