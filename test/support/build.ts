import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execPackage } from '../../scripts/lib/exec.ts';

/** The two outputs of the build: the extension, and the host as a plain page. */
export type BuildKind = 'dist' | 'dist-lab';

/** Everything that can change what a build emits. */
const SOURCES = [
  'src',
  'content',
  'offscreen',
  'shaders',
  'models',
  'manifest.json',
  'vite.config.ts',
  'tsconfig.base.json',
  'package-lock.json',
  'scripts/packaged-models.ts',
  'scripts/packaged-runtime.ts',
];

const IRRELEVANT = /\.test(-d)?\.tsx?$|^models\/[^/]+\/(recipe|eval)\//;
const MODE: Readonly<Record<BuildKind, string>> = { dist: 'production', 'dist-lab': 'lab' };

async function filesBelow(entry: string): Promise<string[]> {
  const children = await readdir(entry, { withFileTypes: true, recursive: true }).catch(() => undefined);
  if (!children) return [entry];
  return children.filter((child) => child.isFile()).map((child) => path.posix.join(child.parentPath, child.name));
}

/** Hash over names and contents of the build's sources. */
async function sourceHash(): Promise<string> {
  const files = (await Promise.all(SOURCES.map(filesBelow))).flat().filter((file) => !IRRELEVANT.test(file));
  const hash = createHash('sha256');
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(await readFile(file))
      .update('\0');
  return hash.digest('hex');
}

/** Builds `kind` unless it was built from these very sources before. Answers the absolute path of the folder. */
export async function ensureBuild(kind: BuildKind): Promise<string> {
  const folder = path.resolve(kind);
  const stamp = path.resolve('test-results/builds', `${kind}.sha256`);
  const hash = await sourceHash();
  const built = await readFile(stamp, 'utf8').catch(() => '');
  const there = await access(path.join(folder, kind === 'dist' ? 'manifest.json' : 'offscreen/lab/index.html')).then(
    () => true,
    () => false,
  );
  if (there && built === hash) return folder;
  const { status, output } = await execPackage('vite', 'bin/vite.js', ['build', '--mode', MODE[kind]], {
    capture: true,
  });
  if (status !== 0) throw new Error(`vite build (${kind}) failed:\n${output}`);
  await mkdir(path.dirname(stamp), { recursive: true });
  await writeFile(stamp, hash);
  return folder;
}
