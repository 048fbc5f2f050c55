import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { familyOf } from '../../offscreen/families/registry.ts';
import { WebplatError } from '../../src/protocol/errors.ts';
import { type GoldenModel, openGolden } from '../../test/support/golden.ts';
import { VerifyFailure } from './failure.ts';

const NEEDED = ['config.json', 'golden.json', 'golden.safetensors'] as const;

/**
 * Opens a folder in the format of the reference models.
 *
 * @throws VerifyFailure for a folder that is none, files that are missing or damaged, and models that no family of ours runs
 */
export async function openFolder(folder: string): Promise<GoldenModel> {
  const told = path.basename(folder);
  const files = await readdir(folder).catch(() => undefined);
  if (!files) throw new VerifyFailure(`There is no folder ${folder}.`);
  for (const name of NEEDED) if (!files.includes(name)) throw new VerifyFailure(`${told} has no ${name}.`);
  if (!files.some((name) => /^model.*\.safetensors$/.test(name))) {
    throw new VerifyFailure(`${told} has no weights: model.safetensors, or its parts.`);
  }
  for (const name of ['config.json', 'golden.json']) await readJson(folder, name);
  try {
    const golden = await openGolden(path.resolve(folder));
    familyOf(golden.config);
    if (!Array.isArray(golden.forward)) throw new VerifyFailure(`${told}/golden.json has no list of forward cases.`);
    return golden;
  } catch (error) {
    if (error instanceof VerifyFailure) throw error;
    const reason = error instanceof WebplatError ? (error.data?.reason ?? error.message) : String(error);
    throw new VerifyFailure(`${told} cannot be verified: ${reason}`);
  }
}

async function readJson(folder: string, name: string): Promise<void> {
  try {
    JSON.parse(await readFile(path.join(folder, name), 'utf8'));
  } catch {
    throw new VerifyFailure(`${path.basename(folder)}/${name} is no JSON.`);
  }
}
