import { spawn } from 'node:child_process';
import path from 'node:path';

/** How a child process ended; `output` is empty unless it was captured. */
export interface ExecResult {
  readonly status: number;
  readonly output: string;
}

/** Runs a program without a shell. Its output goes to ours, or is captured. A signal that ended it is status 1. */
export function exec(
  command: string,
  args: readonly string[],
  { capture = false, env = {} }: { capture?: boolean; env?: Record<string, string> } = {},
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
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
  options: Parameters<typeof exec>[2] = {},
): Promise<ExecResult> {
  return exec(process.execPath, [path.resolve('node_modules', name, bin), ...args], options);
}
