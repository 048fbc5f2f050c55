import { ensureBuild } from '../../test/support/build.ts';
import { MISTRAL_7B } from '../../test/support/hub/generated.ts';
import { measureLargeLoad } from '../../test/support/large-load.ts';
import type { Bench } from '../lib/bench.ts';
import { sayProgress } from '../lib/progress.ts';
import { loadTables, mebibytes } from './load-7b.ts';

/** Four layers and both ends: 2.3 GB. */
const SHAPE = { ...MISTRAL_7B, layers: 4, shards: 2 };
const GPU_BUDGET_BYTES = 770e6;
const HEAP_BYTES = 450e6;
const OVERHEAD_BYTES = 300e6;

/** What loading takes beyond the weights themselves. */
export const loadMemory: Bench = {
  name: 'load-memory',
  method:
    'A hub on this machine serves 2.3 GB of the shape of Mistral-7B, 4 of its 32 layers. A site loads it and generates a token, with\n' +
    'a budget that leads to 4-bit weights in groups of 128 and 8-bit keys and values. JavaScript: the heaps of the host and its\n' +
    'workers, array buffers and WebAssembly memories included, read every 100 ms. Processes: proportional set size of all processes\n' +
    'of the browser at the end, less the same before the site asked; on a software adapter the device memory is among it.',
  async run() {
    const load = await measureLargeLoad({
      extension: await ensureBuild('dist'),
      shape: SHAPE,
      gpuBudgetBytes: GPU_BUDGET_BYTES,
      maxNewTokens: 1,
      adapter: 'auto',
      onProgress: sayProgress(),
    });
    const heap = load.heapBytes + load.wasmBytes;
    const overhead = load.processBytes - load.quantizedBytes;
    return {
      figures: { ...load },
      tables: loadTables(load),
      expectations: [
        { text: `JavaScript takes at most 450 MB (${mebibytes(heap)})`, held: heap <= HEAP_BYTES },
        {
          text: `processes take at most 300 MB beyond the quantized weights (${mebibytes(overhead)})`,
          held: overhead <= OVERHEAD_BYTES,
        },
      ],
    };
  },
};
