import { ensureBuild } from './build.ts';

/** Builds the extension and the lab once for all browser tests; sources that did not change are not built again. */
export default async function setup(): Promise<void> {
  await ensureBuild('dist');
  await ensureBuild('dist-lab');
}
