import { cp, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { storageOf } from '../../offscreen/graphs/graph.ts';
import { exec } from '../../scripts/lib/exec.ts';
import { buildPage } from '../../test/gpu/support/model-page.ts';
import { materialize } from '../../test/support/node-graphs.ts';
import type { ComparedModel } from './models.ts';
import type { Contender } from './page/messages.ts';
import { seededParams } from './seeded.ts';
import { singleFile } from './single-file.ts';

const PEER = path.resolve('bench/graphs/peer');
const SEED = 20_261_130;

/** Where a contender finds the files of a model, below the page. */
export const folderOf = (model: ComparedModel, contender: Contender): string =>
  `models/${model.name}-${contender === 'ours' ? 'ours' : 'plain'}`;

/** Builds the page into `folder`, and installs what it compares with where it is not there yet. */
export async function preparePage(folder: string): Promise<void> {
  const runtime = path.join(PEER, 'node_modules/onnxruntime-web/dist');
  const there = await stat(runtime).then(
    () => true,
    () => false,
  );
  if (!there) {
    // The npm that runs this script, or the one on the path.
    const npm = process.env.npm_execpath;
    const args = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts'];
    const { status } = await exec(npm ? process.execPath : 'npm', npm ? [npm, ...args] : args, { cwd: PEER });
    if (status !== 0) throw new Error('transformers.js could not be installed.');
  }
  await buildPage(folder, path.resolve('bench/graphs/page'));
  await mkdir(path.join(folder, 'peer-ort'), { recursive: true });
  for (const suffix of ['mjs', 'wasm']) {
    const file = `ort-wasm-simd-threaded.asyncify.${suffix}`;
    await cp(path.join(runtime, file), path.join(folder, 'peer-ort', file));
  }
}

/** Writes both graphs of a model below `folder`; answers the names of the weights' files that ours has beside it. */
export async function prepareModel(folder: string, model: ComparedModel): Promise<readonly string[]> {
  const { table, reader } = seededParams(model.shapes, SEED);
  const ours = model.emit(model.config, table, storageOf('fp32'));
  const mine = path.join(folder, folderOf(model, 'ours'));
  await mkdir(mine, { recursive: true });
  await writeFile(path.join(mine, 'model.onnx'), ours.model);
  for (const { path: file, data } of await materialize(ours, reader)) await writeFile(path.join(mine, file), data);
  const plain = model.plain(table);
  const theirs = path.join(folder, folderOf(model, 'plain'));
  await mkdir(path.join(theirs, 'onnx'), { recursive: true });
  const whole = singleFile(plain.model, await materialize(plain, reader));
  // transformers.js looks for it in a folder of its own.
  await writeFile(path.join(theirs, 'onnx/model.onnx'), whole);
  await writeFile(path.join(theirs, 'model.onnx'), whole);
  await writeFile(path.join(theirs, 'config.json'), JSON.stringify(model.config));
  return ours.parts.map(({ file }) => file);
}
