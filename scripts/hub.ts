import path from 'node:path';
import { describeFaults, parseFault } from '../test/support/hub/fault-text.ts';
import { serveHub } from '../test/support/hub/hub.ts';
import { type FolderRepo, reposBelow } from '../test/support/hub/repos-below.ts';
import { readArgs, UsageError } from './lib/args.ts';

const USAGE = `npm run hub -- FOLDER [options]
  Serves FOLDER as a model hub on this computer: a model if it holds a config.json, else every model below it.
  --port N        the port; a free one if left out
  --rate BYTES    bytes a second of each connection
  --latency MS    delay before every answer
  --token TEXT    models are private: only who shows this token gets them
  --fault RULE    PATTERN=FAULT, e.g. 'safetensors=drip:50000': does wrong to every request whose path matches the pattern
${describeFaults('                  ')}`;

/** `npm run hub`: a hub for people who try what webplat does with slow, broken or lying ones. Runs until it is stopped. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values, words } = readArgs(args, {
      port: 'text',
      rate: 'text',
      latency: 'text',
      token: 'text',
      fault: 'text',
    });
    const [folder] = words;
    if (folder === undefined || words.length > 1) throw new UsageError('Name one folder.');
    const rule = values.fault === undefined ? undefined : parseFault(values.fault);
    if (rule && 'problem' in rule) throw new UsageError(rule.problem);
    const options = {
      port: wholeNumber('port', values.port, 65_535),
      bytesPerS: wholeNumber('rate', values.rate),
      latencyMs: wholeNumber('latency', values.latency),
    };
    const repos = await readFolder(path.resolve(folder), values.token);
    const hub = await serveHub(Object.fromEntries(repos.map(({ name, repo }) => [name, repo])), options);
    if (rule) hub.fault({ path: rule.path }, rule.fault);
    const host = new URL(hub.url).host;
    console.log(`The hub is at ${hub.url}; large files come from ${hub.cdnUrl}.`);
    console.log(
      `In the manager, under Downloads, set the hub to that address and add the hosts ${host} and ${new URL(hub.cdnUrl).host}.`,
    );
    for (const { name, repo } of repos) console.log(`  hf:${name}  ${repo.files.size} files`);
    console.log('Stop it with Ctrl+C.');
    await new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
    await hub.close();
    return 0;
  } catch (error) {
    const problem = error instanceof UsageError ? `${error.message}\n\n${USAGE}` : systemProblem(error);
    if (problem === undefined) throw error;
    console.error(problem);
    return 1;
  }
}

async function readFolder(folder: string, token: string | undefined): Promise<readonly FolderRepo[]> {
  const repos = await reposBelow(folder, token === undefined ? {} : { token });
  if (repos.length > 0) return repos;
  throw new UsageError(`There is no config.json in ${folder} or in a folder one or two levels below it.`);
}

function wholeNumber(name: string, text: string | undefined, largest = Number.MAX_SAFE_INTEGER): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0 && value <= largest) return value;
  throw new UsageError(
    `--${name} takes a whole number from 1${largest === Number.MAX_SAFE_INTEGER ? '' : ` to ${largest}`}.`,
  );
}

/** What a person can mend: a folder that is not there, a port that is taken. */
function systemProblem(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'There is no such folder.';
  if (code === 'EADDRINUSE') return 'Another program uses this port: name a different one.';
  if (code === 'EACCES') return 'This needs rights that you do not have: name a different folder or port.';
  return undefined;
}
