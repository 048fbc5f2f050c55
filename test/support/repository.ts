import { readFile } from 'node:fs/promises';
import { exec } from '../../scripts/lib/exec.ts';

/** Paths of the files that belong to the project: tracked ones and new ones that are not ignored. */
export async function projectFiles(): Promise<readonly string[]> {
  const { status, output } = await exec('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    capture: 'stdout',
  });
  if (status !== 0) throw new Error('git ls-files failed: the invariants need a clone, not an archive.');
  return [...new Set(output.split('\n').filter(Boolean))];
}

const TEXT =
  /\.(ts|tsx|mts|cts|js|cjs|mjs|json|md|html|css|svg|wgsl|sh|py|yml|yaml|txt|jsonl)$|(^|\/)(LICENSE|run|\.npmrc|\.gitignore)$/;

/** Name and content of every text file of the project; files that were just deleted are left out. */
export async function projectTexts(): Promise<readonly { readonly file: string; readonly text: string }[]> {
  const files = (await projectFiles()).filter((file) => TEXT.test(file));
  const texts = await Promise.all(
    files.map(async (file) => ({ file, text: await readFile(file, 'utf8').catch(() => undefined) })),
  );
  return texts.flatMap(({ file, text }) => (text === undefined ? [] : [{ file, text }]));
}
