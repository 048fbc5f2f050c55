import { meterMemories } from '../../../offscreen/engines/ort/runtime.ts';
import { type Competitor, serveCompetitor } from '../page/messages.ts';
import { wireFeeds } from '../page/wire-feeds.ts';

type Library = typeof import('@huggingface/transformers');
type Model = Awaited<ReturnType<Library['PreTrainedModel']['from_pretrained']>>;

/** The plain graph as a page runs it with transformers.js, its runtime's files and the model from this server. */
const heapBytes = meterMemories();
let model: Model | undefined;
let feeds: Parameters<Model>[0] = {};
let output = '';

const competitor: Competitor = {
  async load(request) {
    const { PreTrainedModel, Tensor, env } = await import('@huggingface/transformers');
    const base = new URL('../', import.meta.url);
    env.allowLocalModels = false;
    env.remoteHost = base.href;
    env.remotePathTemplate = '{model}';
    // Whoever is compared with reads from the server too, each time.
    env.useBrowserCache = false;
    env.useWasmCache = false;
    const file = (suffix: string) => new URL(`peer-ort/ort-wasm-simd-threaded.asyncify.${suffix}`, base).href;
    env.backends.onnx.wasm.wasmPaths = { mjs: file('mjs'), wasm: file('wasm') };
    env.backends.onnx.wasm.numThreads = request.threads;
    model = await PreTrainedModel.from_pretrained(request.folder, { device: request.backend, dtype: 'fp32' });
    feeds = Object.fromEntries(
      Object.entries(wireFeeds(request.feeds)).map(([name, { dtype, dims, data }]) => {
        const values = dtype === 'int64' ? new BigInt64Array(data) : new Float32Array(data);
        return [name, new Tensor(dtype, values, dims)];
      }),
    );
    output = request.output;
  },
  async run() {
    const results = await model?.(feeds);
    const tensor = results?.[output];
    if (!tensor) throw new Error(`There is no output ${output}.`);
    return tensor.data;
  },
  heapBytes,
};

serveCompetitor(competitor);
