import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdtemp, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { exec } from '../lib/exec.ts';
import { BrowserError } from './find.ts';

/** Environment variable that names another program with WebNN, for machines that the packaged one is not for. */
export const SHELL_OVERRIDE = 'WEBPLAT_HEADLESS_SHELL';

/**
 * What turns WebNN on, and keeps it on without a graphics device: its contexts live in the graphics process. They compute with
 * TensorFlow Lite on the processor, whichever kind of device they are asked for.
 */
export const WEBNN_FLAGS = [
  '--no-sandbox',
  '--enable-features=WebMachineLearningNeuralNetwork',
  '--ignore-gpu-blocklist',
];

/**
 * Path of a headless shell of Chromium with WebNN, which Linux distributions build their Chromium without. It loads no
 * extensions. Unpacked once a version from `@sparticuz/chromium` (MIT; Chromium under its own licences) into the folder for
 * temporary files.
 *
 * @throws BrowserError where the package has none for the machine
 */
export async function ensureHeadlessShell(): Promise<string> {
  const named = process.env[SHELL_OVERRIDE];
  if (named) return named;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new BrowserError(
      `The packaged headless shell is for Linux on x64. Set ${SHELL_OVERRIDE} to the path of a Chromium that has WebNN.`,
    );
  }
  const require = createRequire(import.meta.url);
  // The package exports its code alone, which is for servers; the program lies beside it.
  const root = path.resolve(path.dirname(require.resolve('@sparticuz/chromium')), '../..');
  const { version } = require(path.join(root, 'package.json')) as { readonly version: string };
  const folder = path.join(os.tmpdir(), `webplat-headless-shell-${version}`);
  if (!(await isThere(folder))) await unpack(path.join(root, 'bin'), folder);
  return path.join(folder, PROGRAM);
}

const PROGRAM = 'headless-shell';

/** The program, and beside it what its graphics process draws with: without that the process ends, and WebNN with it. */
async function unpack(packed: string, folder: string): Promise<void> {
  const made = await mkdtemp(`${folder}-`);
  const decompress = (name: string, to: string) =>
    pipeline(
      createReadStream(path.join(packed, name)),
      createBrotliDecompress(),
      createWriteStream(path.join(made, to), { mode: 0o755 }),
    );
  await decompress('chromium.br', PROGRAM);
  await decompress('swiftshader.tar.br', 'swiftshader.tar');
  await exec('tar', ['--extract', '--file', 'swiftshader.tar'], { cwd: made });
  await rm(path.join(made, 'swiftshader.tar'));
  // Whoever unpacks at the same time finds a whole folder or none, and the second one keeps that of the first.
  await rename(made, folder).catch(() => rm(made, { recursive: true }));
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
