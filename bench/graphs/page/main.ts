import type { Answer, Call, Contender, LoadRequest, RunAnswer } from './messages.ts';

/** What the bench calls in the page. Each contender has a worker of its own, which ends with it. */
const workers = new Map<Contender, Worker>();

const SPAWN: Record<Contender, () => Worker> = {
  ours: () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  plain: () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  peer: () => new Worker(new URL('../peer/worker.ts', import.meta.url), { type: 'module' }),
};

function ask(contender: Contender, call: Call): Promise<unknown> {
  const worker = workers.get(contender);
  if (!worker) throw new Error(`${contender} was not loaded.`);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) =>
      'error' in data ? reject(new Error(`${contender}: ${data.error}`)) : resolve(data.value);
    worker.onerror = (event) => reject(new Error(`${contender}: ${event.message}`));
    worker.postMessage(call);
  });
}

const api = {
  async load(contender: Contender, request: LoadRequest): Promise<number> {
    workers.get(contender)?.terminate();
    workers.set(contender, SPAWN[contender]());
    return ((await ask(contender, { kind: 'load', request })) as RunAnswer).ms;
  },
  run: async (contender: Contender) => (await ask(contender, { kind: 'run' })) as RunAnswer,
  heapBytes: async (contender: Contender) => (await ask(contender, { kind: 'memory' })) as number,
  end(): void {
    for (const worker of workers.values()) worker.terminate();
    workers.clear();
  },
  threads: () => Math.max(1, Math.min(4, navigator.hardwareConcurrency)),
  adapter: async () => (await navigator.gpu?.requestAdapter())?.info.description ?? '',
};

export type GraphsPage = typeof api;

(globalThis as unknown as { graphsPage: GraphsPage }).graphsPage = api;
