import type { GoldenModel, GoldenTensor } from '../../support/golden.ts';
import { packagedFixture } from '../../support/packaged-fixture.ts';
import type { ModelPageHost, OpenModelPage } from './model-page.ts';
import { expectValue } from './outcome.ts';
import type { PlainTensor } from './page/plain-tensor.ts';
import type { TaskCall, TaskCalls } from './page/tasks-worker.ts';

/** A reference model in a worker of a page, for calling functions of tasks on it. */
export interface TaskModelPage {
  call<Name extends keyof TaskCalls>(
    name: Name,
    args: Parameters<TaskCalls[Name]>[0],
  ): Promise<ReturnType<TaskCalls[Name]>>;
  close(): Promise<void>;
}

const TIERS = { wasm: 'wasm', webgpu: 'jspi' } as const;

/** Opens a reference model, stored exactly, with some of its graphs. */
export async function openTaskModel(
  { host, page }: { readonly host: ModelPageHost; readonly page: OpenModelPage },
  {
    fixture,
    backend,
    graphs,
  }: { readonly fixture: string; readonly backend: keyof typeof TIERS; readonly graphs: readonly string[] },
): Promise<TaskModelPage> {
  const { manifest, served } = await packagedFixture(fixture);
  for (const [path, content] of served) host.replace(path, content);
  const id = await page.call('startTasks', manifest);
  const opened: TaskModelPage = {
    async call(name, args) {
      return expectValue(await page.call('callTask', id, { name, args } as TaskCall)) as never;
    },
    close: () => page.call('endTasks', id),
  };
  const assetBase = new URL('./', page.page.url()).href;
  await opened.call('open', { tier: TIERS[backend], manifest, assetBase, graphs });
  return opened;
}

/** A golden tensor as plain numbers; of several items, one, as a batch of one. */
export async function plainTensor(golden: GoldenModel, ref: GoldenTensor | undefined, item = 0): Promise<PlainTensor> {
  const {
    type,
    dims: [batch = 1, ...rest],
    data,
  } = await golden.feed(ref);
  const size = data.length / batch;
  const values = Array.from(data as ArrayLike<number>, Number).slice(item * size, (item + 1) * size);
  return { dtype: type as PlainTensor['dtype'], dims: [1, ...rest], values };
}
