import { expect } from 'vitest';
import type { Job } from '../../src/protocol/store.ts';
import { uiAct } from '../../src/protocol/ui/ui-act.ts';
import { uiJob } from '../../src/protocol/ui/ui-job.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import type { UiClient } from './ui-client.ts';

/** Has a model on disk checked, waits for the end, puts the result away and answers it. */
export async function checkModel(ui: UiClient, model: string): Promise<Job> {
  await ui.call(uiAct, { model, act: 'check' });
  const find = async () => (await ui.call(uiStore, {})).jobs.find((job) => job.kind === 'check' && job.model === model);
  await expect.poll(async () => (await find())?.state, { timeout: 60_000, interval: 50 }).not.toBe('running');
  const job = (await find()) ?? expect.fail(`${model} was not checked.`);
  await ui.call(uiJob, { job: job.id, act: 'dismiss' });
  return job;
}
