import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import { fairDownloads } from '../bench/downloads/fair-downloads.ts';
import { graphs } from '../bench/graphs/graphs.ts';
import type { Bench, BenchOptions } from '../bench/lib/bench.ts';
import { adapters } from '../bench/loading/adapters.ts';
import { layerStreaming } from '../bench/loading/layer-streaming.ts';
import { load7b } from '../bench/loading/load-7b.ts';
import { loadMemory } from '../bench/loading/load-memory.ts';
import { parallelLoad } from '../bench/loading/parallel-load.ts';
import { readBack } from '../bench/read-back/read-back.ts';
import { revocation } from '../bench/revocation/revocation.ts';
import { sharing } from '../bench/sharing/sharing.ts';
import { start } from '../bench/start/start.ts';
import { transport } from '../bench/transport/transport.ts';
import { readArgs, UsageError } from './lib/args.ts';

const BENCHES: readonly Bench[] = [
  transport,
  sharing,
  revocation,
  readBack,
  load7b,
  loadMemory,
  layerStreaming,
  adapters,
  graphs,
  parallelLoad,
  start,
  fairDownloads,
];

const USAGE = `npm run bench -- NAME [PART...] [--backend wasm|webgpu] [--json FILE]
  NAME is one of: ${BENCHES.map(({ name }) => name).join(', ')}`;

/** `npm run bench`: exits non-zero when a result was wrong, or an expectation was missed. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values, words } = readArgs(args, { json: 'text', backend: 'text' });
    const bench = BENCHES.find(({ name }) => name === words[0]);
    if (!bench) throw new UsageError('Name one bench.');
    console.log(`${bench.name}: ${bench.method}\n`);
    const { figures, tables, expectations } = await bench.run({ ...backendOf(values.backend), parts: words.slice(1) });
    console.log(tables.join('\n\n'));
    console.log(`\n${machine()}`);
    for (const { text, held } of expectations) console.log(`${held ? 'held' : 'MISSED'}: ${text}`);
    if (values.json) {
      await writeFile(values.json, `${JSON.stringify({ ...figures, machine: machine() }, null, 2)}\n`);
    }
    return expectations.every(({ held }) => held) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 1;
  }
}

function backendOf(backend: string | undefined): Pick<BenchOptions, 'backend'> {
  if (backend === undefined) return {};
  if (backend === 'wasm' || backend === 'webgpu') return { backend };
  throw new UsageError('--backend is wasm or webgpu.');
}

function machine(): string {
  const [cpu] = os.cpus();
  return `${os.cpus().length} x ${cpu?.model.trim() ?? os.arch()}, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, ${os.type()}`;
}
