import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Resident bytes of the browser processes that this test started and that show pages, as the operating system counts. */
export async function rendererBytes(): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,rss=,args=']);
  const processes = stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, parent, kibibytes, command = '']) => ({
      pid: Number(pid),
      parent: Number(parent),
      bytes: Number(kibibytes) * 1024,
      command,
    }));
  const family = new Set([process.pid]);
  for (let before = 0; before < family.size; ) {
    before = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  return processes
    .filter(({ pid, command }) => family.has(pid) && command.includes('--type=renderer'))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}
