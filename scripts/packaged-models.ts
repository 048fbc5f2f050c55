import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import type { Plugin } from 'vite';
import { familyOf } from '../offscreen/families/registry.ts';
import { PackagedIndex } from '../offscreen/store/manifest-schema.ts';
import { hardwareOf } from '../offscreen/store/model-hardware.ts';
import { ModelCard } from '../src/protocol/model.ts';

/** What a model needs when it runs, and the text that goes with it; `eval/` and `recipe/` stay behind. */
const RUN_TIME_FILES = /^(config|generation_config|tokenizer|tokenizer_config)\.json$|^model\.safetensors$/;
const ACCOMPANYING_FILES = ['README.md'];

const CardFile = v.pick(ModelCard, ['title', 'description', 'licence', 'tasks', 'residentBytes']);
const ConfigFile = v.object({ max_position_embeddings: v.number() });

type PackagedModel = PackagedIndex[number];

const readJson = async <S extends v.GenericSchema>(schema: S, file: string): Promise<v.InferOutput<S>> =>
  v.parse(schema, JSON.parse(await readFile(file, 'utf8')));

const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** The hash of a model: SHA-256 over `path sha256` lines of its run-time files, sorted by path. */
export function contentHash(files: readonly { readonly path: string; readonly sha256: string }[]): string {
  const lines = files.map((file) => `${file.path} ${file.sha256}\n`);
  return sha256(lines.sort().join(''));
}

/** Describes the model in `folder` as `models/index.json` lists it. */
export async function describeModel(folder: string): Promise<PackagedModel> {
  const name = path.basename(folder);
  const paths = (await readdir(folder)).filter((file) => RUN_TIME_FILES.test(file)).sort();
  const files = await Promise.all(
    paths.map(async (file) => {
      const content = await readFile(path.join(folder, file));
      return { path: file, bytes: content.byteLength, sha256: sha256(content), url: `${name}/${file}` };
    }),
  );
  const whole = await readJson(v.unknown(), path.join(folder, 'config.json'));
  const config = v.parse(ConfigFile, whole);
  const weights = files.filter(({ path: file }) => file.endsWith('.safetensors'));
  const weightBytes = weights.reduce((sum, { bytes }) => sum + bytes, 0);
  const card = {
    name: `packaged:${name}`,
    ...(await readJson(CardFile, path.join(folder, 'card.json'))),
    hardware: hardwareOf(familyOf(whole), whole, weightBytes),
    source: 'packaged' as const,
    downloadBytes: 0,
    diskBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    contextTokens: config.max_position_embeddings,
  };
  return { card, engine: 'ort', contentHash: contentHash(files), files };
}

/** Writes the models of `source` and their index to `target`. */
export async function packageModels(source: string, target: string): Promise<void> {
  const folders = (await readdir(source, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const models = await Promise.all(folders.map(({ name }) => describeModel(path.join(source, name))));
  for (const model of models) {
    const folder = model.card.name.replace('packaged:', '');
    await mkdir(path.join(target, folder), { recursive: true });
    for (const file of [...model.files.map((file) => file.path), ...ACCOMPANYING_FILES]) {
      await cp(path.join(source, folder, file), path.join(target, folder, file));
    }
  }
  await writeFile(path.join(target, 'index.json'), JSON.stringify(v.parse(PackagedIndex, models), null, 1));
}

/** Copies the models of `models/` into the output, with their hashes in `models/index.json`. */
export function packagedModels(): Plugin {
  return {
    name: 'webplat:packaged-models',
    async writeBundle(options) {
      await packageModels(path.resolve('models'), path.join(options.dir ?? 'dist', 'models'));
    },
  };
}
