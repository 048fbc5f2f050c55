import { formatTable } from '../../scripts/lib/table.ts';
import { ensureBuild } from '../../test/support/build.ts';
import { MISTRAL_7B } from '../../test/support/hub/generated.ts';
import { type LargeLoad, measureLargeLoad } from '../../test/support/large-load.ts';
import type { Bench } from '../lib/bench.ts';
import { sayProgress } from '../lib/progress.ts';

const TOKENS = 8;
const CONTEXT_TOKENS = 4096;
/** All that a 32-bit address reaches. */
const LIMIT_BYTES = 4.29e9;
/** The budget of the default settings. */
const GPU_BUDGET_BYTES = 4 * 2 ** 30;

const MEBIBYTE = 2 ** 20;
export const mebibytes = (bytes: number): string => `${(bytes / MEBIBYTE).toFixed(0)} MiB`;

/** What was measured, for people. */
export function loadTables(load: LargeLoad): string[] {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(0)} s`;
  return [
    formatTable(
      ['what', 'bytes', 'of the checkpoint'],
      (
        [
          ['checkpoint', load.checkpointBytes],
          ['quantized', load.quantizedBytes],
          ['graphics device, most', load.gpuBytes],
          ['JavaScript, most', load.heapBytes],
          ['WebAssembly, most', load.wasmBytes],
          ['all three together, most', load.peakBytes],
          ['processes, beyond idle', load.processBytes],
          ...Object.entries(load.processKinds).map(([kind, bytes]) => [`of these, ${kind}`, bytes] as const),
        ] as const
      ).map(([what, bytes]) => [what, mebibytes(bytes), `${((100 * bytes) / load.checkpointBytes).toFixed(1)} %`]),
    ),
    `download, conversion and compilation ${seconds(load.loadMs)}; ${load.tokens} tokens ${seconds(load.generateMs)}; ` +
      `context ${load.contextTokens}`,
    `${load.browser}; ${load.backend}, ${load.adapter}`,
  ];
}

/** A checkpoint of 7 billion parameters, from a hub to its first tokens, within 4 GB. */
export const load7b: Bench = {
  name: 'load-7b',
  method:
    'A hub on this machine serves a checkpoint with the names, shapes and types of Mistral-7B (bfloat16, three shards, weights\n' +
    'made up as they are asked for). A site that was allowed it loads it and generates 8 greedy tokens, with the default memory\n' +
    'budget: 4-bit weights in groups of 128, a context of 4096 tokens, 8-bit keys and values. GPU: the most that all buffers of\n' +
    "the device ever took, the runtime's included. JavaScript: the heaps of the host and its workers, array buffers included,\n" +
    'read every 100 ms. WebAssembly: the memory of the runtime. The peak is the most of them at one time; while weights are\n' +
    'converted, nothing is on the device.',
  async run() {
    const load = await measureLargeLoad({
      extension: await ensureBuild('dist'),
      shape: MISTRAL_7B,
      gpuBudgetBytes: GPU_BUDGET_BYTES,
      maxNewTokens: TOKENS,
      adapter: 'auto',
      onProgress: sayProgress(),
    });
    return {
      figures: { ...load },
      tables: loadTables(load),
      expectations: [
        {
          text: `GPU, heap and WebAssembly take at most 4.29e9 bytes together (${load.peakBytes.toExponential(3)})`,
          held: load.peakBytes <= LIMIT_BYTES,
        },
        { text: `${TOKENS} tokens (${load.tokens})`, held: load.tokens === TOKENS },
        {
          text: `a context of ${CONTEXT_TOKENS} tokens (${load.contextTokens})`,
          held: load.contextTokens >= CONTEXT_TOKENS,
        },
      ],
    };
  },
};
