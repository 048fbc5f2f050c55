/** Tensors as plain numbers, which cross from the bench into the page. */
export type Feeds = Readonly<
  Record<
    string,
    { readonly dtype: 'int64' | 'float32'; readonly dims: readonly number[]; readonly values: readonly number[] }
  >
>;

/** Who computes: the product's graph, the plain graph on the product's runtime, or the plain graph in transformers.js. */
export const CONTENDERS = ['ours', 'plain', 'peer'] as const;
export type Contender = (typeof CONTENDERS)[number];

export interface LoadRequest {
  readonly backend: 'wasm' | 'webgpu';
  readonly threads: number;
  /** Folder of the page that its files lie in: the model, and for ours its parts. */
  readonly folder: string;
  readonly files: readonly string[];
  readonly feeds: Feeds;
  readonly output: string;
}

export interface RunAnswer {
  readonly ms: number;
  /** The output, in the first run. */
  readonly values?: readonly number[];
}

/** What a worker does for the bench. */
export interface Competitor {
  /** From nothing to a session that can run. */
  load(request: LoadRequest): Promise<void>;
  run(): Promise<Float32Array>;
  /** Bytes of the WebAssembly memories, which only grow. */
  heapBytes(): number;
}

export type Call = { readonly kind: 'load'; readonly request: LoadRequest } | { readonly kind: 'run' | 'memory' };
export type Answer = { readonly value: unknown } | { readonly error: string };

/** Answers calls one by one, timing them in this realm. */
export function serveCompetitor(competitor: Competitor): void {
  let ran = false;
  const answer = async (call: Call): Promise<unknown> => {
    const start = performance.now();
    if (call.kind === 'load') {
      await competitor.load(call.request);
      return { ms: performance.now() - start } satisfies RunAnswer;
    }
    if (call.kind === 'memory') return competitor.heapBytes();
    const output = await competitor.run();
    const ms = performance.now() - start;
    const values = ran ? undefined : [...output];
    ran = true;
    return { ms, ...(values && { values }) } satisfies RunAnswer;
  };
  globalThis.onmessage = async ({ data }: MessageEvent<Call>) => {
    const reply = await answer(data).then(
      (value): Answer => ({ value }),
      (error: unknown): Answer => ({ error: String(error) }),
    );
    (globalThis as unknown as { postMessage(message: Answer): void }).postMessage(reply);
  };
}
