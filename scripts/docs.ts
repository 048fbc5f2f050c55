import { readFile, writeFile } from 'node:fs/promises';
import { protocolPage } from './docs/protocol-page.ts';
import { readArgs } from './lib/args.ts';

const PAGE = 'docs/protocol.md';

/** `npm run docs`: writes the generated pages; with `--check`, only says whether they are fresh. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = readArgs(args, { check: 'flag' });
  const page = protocolPage();
  if (!values.check) {
    await writeFile(PAGE, page);
    return 0;
  }
  if ((await readFile(PAGE, 'utf8').catch(() => '')) === page) return 0;
  console.error(`${PAGE} is stale: run \`npm run docs\`.`);
  return 1;
}
