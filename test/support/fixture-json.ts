import { readFile } from 'node:fs/promises';

/** A parsed JSON file of a reference model in `test/fixtures/models`. */
export async function fixtureJson(model: string, file: string) {
  return JSON.parse(await readFile(`test/fixtures/models/${model}/${file}`, 'utf8'));
}
