import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type HubRepo, repoOfFolder } from './repo.ts';

export interface FolderRepo {
  /** `ORG/NAME`; models that lie in no organization's folder are of `local`. */
  readonly name: string;
  readonly repo: HubRepo;
}

/** The model in a folder, or those one or two levels below it: whatever holds a config.json. */
export async function reposBelow(
  folder: string,
  options: Parameters<typeof repoOfFolder>[1] = {},
): Promise<readonly FolderRepo[]> {
  const found = await modelFolders(folder, 2);
  return Promise.all(
    found.map(async (model) => {
      const parts = path.relative(folder, model).split(path.sep).filter(Boolean);
      const name = parts.length === 2 ? parts.join('/') : `local/${parts[0] ?? path.basename(folder)}`;
      return { name, repo: await repoOfFolder(model, options) };
    }),
  );
}

async function modelFolders(folder: string, levels: number): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (existsSync(path.join(folder, 'config.json'))) return [folder];
  if (levels === 0) return [];
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(folder, name));
  return (await Promise.all(folders.sort().map((below) => modelFolders(below, levels - 1)))).flat();
}
