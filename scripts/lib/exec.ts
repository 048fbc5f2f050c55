import { spawn } from 'node:child_process';
import path from 'node:path';

/** How a child process ended; `output` is empty unless it was captured. */
export interface ExecResult {
  readonly status: number;
  readonly output: string;
}

/** Where a program runs, and whether its output is captured (all of it, or only standard output) or goes to ours. */
export interface ExecOptions {
  readonly capture?: boolean | 'stdout';
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program without a shell. A signal that ended it is status 1. */
export function exec(
  command: string,
  args: readonly string[],
  { capture = false, env = {}, cwd = '.' }: ExecOptions = {},
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', capture ? 'pipe' : 'inherit', capture === true ? 'pipe' : 'inherit'],
      cwd,
      env: { ...process.env, ...env },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (part: Buffer) => {
        output += part.toString();
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ status: code ?? 1, output }));
  });
}

/** Runs the command-line program of an installed package with this Node, on every platform alike. */
export function execPackage(
  name: string,
  bin: string,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  return exec(process.execPath, [path.resolve('node_modules', name, bin), ...args], options);
}
