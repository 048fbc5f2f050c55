import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** A copy of the built extension whose manifest does not ask for structured clone: what older browsers do with it. */
export async function makeJsonVariant(extension: string): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'webplat-json-'));
  await cp(extension, folder, { recursive: true });
  const file = path.join(folder, 'manifest.json');
  const { message_serialization: _, ...manifest } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify(manifest));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
