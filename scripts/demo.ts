import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatReport } from '../demo/report.ts';
import { runDemo } from '../demo/run.ts';
import { BrowserError } from './browsers/find.ts';
import { readArgs, UsageError } from './lib/args.ts';

const USAGE = `npm run demo -- [options]
  --headless          no window: clicks through the prompts by itself, then ends
  --json FILE         writes the figures as JSON
  --screenshots DIR   saves images of the prompt and of both sites
  --software          computes on the software adapter also where there is a real one`;

/** `npm run demo`. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values } = readArgs(args, { headless: 'flag', json: 'text', screenshots: 'text', software: 'flag' });
    const headless = values.headless || !hasDisplay();
    if (headless && !values.headless) console.log('There is no display here: running headless.');
    const report = await runDemo({
      headless,
      software: values.software,
      ...(values.screenshots && { screenshots: path.resolve(values.screenshots) }),
      onReport: (report) => console.log(`\n${formatReport(report)}\n`),
    });
    if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof BrowserError)) throw error;
    console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error.message);
    return 1;
  }
}

function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}
