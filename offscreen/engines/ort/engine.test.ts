import { describe, expect, it, vi } from 'vitest';
import { grantAll, NO_FILES } from '../../../test/support/fake-engine.ts';
import type { Capabilities } from '../../device/capabilities.ts';
import type { ModelManifest } from '../../store/manifest.ts';
import type { LoadedModel } from '../engine.ts';
import { createToldAdapters } from './adapters/told-adapters.ts';
import { createWorkerModel } from './client.ts';
import { createOrtEngine } from './engine.ts';
import type { FromWorker, ToWorker } from './messages.ts';

const memory = { gpuBytes: 5, cpuBytes: 7 };
const use = { task: 'text-generation' } as const;
const state = { contextTokens: 512, maxSequences: 4, memory };
const outcome = { text: 'ab', finishReason: 'end', inputTokens: 1, outputTokens: 2, computeMs: 3 } as const;
const loaded: FromWorker = { kind: 'loaded', adapter: 'acme', state };
const manifest: ModelManifest = {
  card: {
    name: 'packaged:x',
    title: 'X',
    description: '',
    licence: 'MIT',
    tasks: ['text-generation'],
    source: 'packaged',
    diskBytes: 1,
    downloadBytes: 0,
    residentBytes: 1,
  },
  engine: 'ort',
  contentHash: 'a'.repeat(64),
  files: [],
};
const capabilities: Capabilities = {
  tiers: ['webgpu', 'wasm'],
  wasm: { simd: true, threads: true, jspi: true },
  processors: 2,
};

/** The main thread's view of a worker; `answer` is what the worker says to a message. */
class FakeWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  readonly received: ToWorker[] = [];
  terminated = false;
  readonly answer: (message: ToWorker, say: (message: unknown) => void, worker: FakeWorker) => void;
  constructor(answer: FakeWorker['answer']) {
    this.answer = answer;
  }
  say(message: unknown) {
    if (!this.terminated) this.onmessage?.({ data: message });
  }
  postMessage(message: ToWorker) {
    this.received.push(message);
    queueMicrotask(() => this.answer(message, (answer) => this.say(answer), this));
  }
  terminate() {
    this.terminated = true;
  }
}

type Answer = FakeWorker['answer'];

function makeEngine(...answers: Answer[]) {
  const workers: FakeWorker[] = [];
  const engine = createOrtEngine({
    assetBase: new URL('https://x.test/'),
    capabilities: async () => capabilities,
    spawn: () => {
      const worker = new FakeWorker(answers[workers.length] ?? (() => {}));
      workers.push(worker);
      return worker as unknown as Worker;
    },
  });
  const abort = new AbortController();
  const load = () =>
    engine.load(manifest, {
      use,
      signal: abort.signal,
      backend: 'auto',
      files: NO_FILES,
      admit: grantAll,
      onProgress: () => {},
      onDropped: () => {},
    });
  return { load, workers, abort };
}

const onLoad =
  (answer: FromWorker): Answer =>
  (message, say) => {
    if (message.kind === 'load') say(answer);
  };

const events = (signal = new AbortController().signal) => {
  const texts: string[] = [];
  const compute: number[] = [];
  return {
    texts,
    compute,
    events: {
      signal,
      onText: ({ text }: { text: string }) => void texts.push(text),
      onCompute: (ms: number) => void compute.push(ms),
    },
  };
};

const request = { input: 'x', options: {}, maxNewTokens: 2 };

describe('climbing down the tiers', () => {
  it('takes the first that works, each try in a fresh worker, with the reasons of those before', async () => {
    const { load, workers } = makeEngine(
      onLoad({ kind: 'refused', reason: 'The device said no.' }),
      (_message, _say, worker) => worker.onerror?.({ preventDefault: () => {}, message: 'out of luck' }),
      onLoad(loaded),
    );
    const { info } = await load();
    expect(info).toEqual({
      backend: 'REAL_WASM',
      tier: 'wasm/cpu',
      adapter: 'acme',
      contextTokens: 512,
      maxSequences: 4,
      passedOver: [
        { tier: 'jspi/webgpu', reason: 'The device said no.' },
        { tier: 'asyncify/webgpu', reason: 'The worker stopped: out of luck' },
      ],
    });
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true, false]);
  });

  it('says why nothing works', async () => {
    const refused = onLoad({ kind: 'refused', reason: 'No.' });
    const { load } = makeEngine(refused, refused, refused);
    await expect(load()).rejects.toMatchObject({
      code: 'no-backend',
      data: { reason: 'jspi/webgpu: No. asyncify/webgpu: No. wasm/cpu: No.' },
    });
  });

  it('does not try further with a model that is at fault', async () => {
    const { load, workers } = makeEngine(onLoad({ kind: 'failed', error: { code: 'model-corrupt', message: 'm' } }));
    await expect(load()).rejects.toMatchObject({ code: 'model-corrupt' });
    expect(workers).toHaveLength(1);
    expect(workers[0]?.terminated).toBe(true);
  });

  it('passes over a worker that answers with something else', async () => {
    const { load } = makeEngine((_message, say) => say({ kind: 'loaded' }), onLoad(loaded));
    expect((await load()).info.tier).toBe('asyncify/webgpu');
  });

  it('ends the worker when nobody waits any more', async () => {
    const { load, workers, abort } = makeEngine(() => abort.abort(new Error('gone')));
    await expect(load()).rejects.toThrow('gone');
    expect(workers[0]?.terminated).toBe(true);
  });
});

describe('a model in a worker', () => {
  async function loadWith(answer: Answer) {
    const made = makeEngine((message, say, worker) => {
      if (message.kind === 'load') say(loaded);
      else answer(message, say, worker);
    });
    const model: LoadedModel = await made.load();
    return { model, worker: made.workers[0] as FakeWorker };
  }

  it('streams what the worker says and answers with its result', async () => {
    const { model } = await loadWith((message, say) => {
      if (message.kind !== 'generate') return;
      const { id } = message;
      say({ kind: 'text', id, chunk: { text: 'ab', tokens: 2 } });
      say({ kind: 'compute', id, computeMs: 3 });
      say({ kind: 'result', id, value: outcome, state: { ...state, memory: { gpuBytes: 6, cpuBytes: 8 } } });
    });
    const { texts, compute, events: listeners } = events();
    expect(await model.generate(request, listeners)).toEqual(outcome);
    expect([texts, compute]).toEqual([['ab'], [3]]);
    expect(model.memory()).toEqual({ gpuBytes: 6, cpuBytes: 8 });
  });

  it('turns an error into its typed self', async () => {
    const { model } = await loadWith((message, say) => {
      if (message.kind === 'count')
        say({ kind: 'error', id: message.id, error: { code: 'busy', message: 'b' }, state });
    });
    await expect(model.countTokens('x')).rejects.toMatchObject({ code: 'busy', retryable: true });
  });

  it('keeps an aborted request open until the device has let go of it, metering it and saying no more text', async () => {
    const abort = new AbortController();
    const seen = events(abort.signal);
    const { model, worker } = await loadWith((message, say) => {
      if (message.kind === 'generate') abort.abort(new Error('enough'));
      if (message.kind !== 'abort') return;
      say({ kind: 'text', id: message.id, chunk: { text: 'late', tokens: 1 } });
      say({ kind: 'compute', id: message.id, computeMs: 9 });
      say({ kind: 'error', id: message.id, error: { code: 'aborted', message: 'a' }, state });
    });
    await expect(model.generate(request, seen.events)).rejects.toThrow('enough');
    expect(seen.compute).toEqual([9]);
    expect(seen.texts).toEqual([]);
    expect(worker.received.map(({ kind }) => kind)).toEqual(['load', 'generate', 'abort']);
  });

  it('gives up a worker that does not notice an abort', async () => {
    const abort = new AbortController();
    const worker = new FakeWorker(() => {});
    const info = { backend: 'REAL_WASM', tier: 'wasm/cpu', passedOver: [] } as const;
    const attendant = { attend: () => false, end: vi.fn() };
    const model = createWorkerModel({
      adapters: createToldAdapters(worker as unknown as Worker),
      worker: worker as unknown as Worker,
      info,
      state,
      use,
      attendant,
      abortDeadlineMs: 1,
    });
    const running = model.generate(request, events(abort.signal).events);
    abort.abort(new Error('enough'));
    await expect(running).rejects.toMatchObject({ code: 'engine-failed' });
    expect(await model.failed).toMatchObject({ code: 'engine-failed', retryable: true });
    expect(worker.terminated).toBe(true);
    // Nobody else would end the converters that it was given.
    expect(attendant.end).toHaveBeenCalledOnce();
  });

  it.each<[string, (worker: FakeWorker) => void, string]>([
    [
      'says so',
      (worker) => worker.say({ kind: 'failed', error: { code: 'device-lost', message: 'l' } }),
      'device-lost',
    ],
    ['crashes', (worker) => worker.onerror?.({ preventDefault: () => {} }), 'engine-failed'],
    ['talks nonsense', (worker) => worker.say({ kind: 'text', id: 1 }), 'engine-failed'],
  ])('fails all requests when the worker %s', async (_how, breakIt, code) => {
    const { model, worker } = await loadWith(() => {});
    const running = [model.generate(request, events().events), model.countTokens('x')];
    const settled = Promise.allSettled(running);
    breakIt(worker);
    for (const result of await settled) expect(result).toMatchObject({ status: 'rejected', reason: { code } });
    expect(await model.failed).toMatchObject({ code, retryable: true });
    expect(worker.terminated).toBe(true);
    await expect(model.countTokens('x')).rejects.toMatchObject({ code });
  });

  it('ends with the worker, quietly', async () => {
    const { model, worker } = await loadWith(() => {});
    const running = model.generate(request, events().events);
    await model.dispose();
    await model.dispose();
    await expect(running).rejects.toMatchObject({ code: 'session-ended' });
    expect(worker.terminated).toBe(true);
    expect(model.memory()).toEqual({ gpuBytes: 0, cpuBytes: 0 });
    const failedYet = await Promise.race([model.failed, Promise.resolve('no')]);
    expect(failedYet).toBe('no');
  });
});
