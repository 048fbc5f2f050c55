import path from 'node:path';
import { familyOf } from '../../offscreen/families/registry.ts';
import type { PerformedTask } from '../../src/protocol/tasks/tasks.ts';
import type { GoldenModel } from '../../test/support/golden.ts';
import type { Numbers } from '../../test/support/infer-in-page.ts';
import { type Check, deviationOf } from './check.ts';
import { checkForward } from './forward.ts';
import { checkGeneration } from './generation.ts';
import { checkLikelihoods } from './likelihoods.ts';
import { createNativeAsker, type NativeResult } from './native.ts';
import { checkProcessing } from './processing.ts';
import { writeRaw } from './raw.ts';
import type { Stage } from './stage.ts';
import { createSubject, type Setting } from './subject.ts';
import { checkTasks } from './tasks.ts';

/** What came of one model in one setting. */
export interface Result extends Setting {
  readonly model: string;
  readonly browser: string;
  readonly adapter?: string | undefined;
  readonly checks: readonly Check[];
  /** Why nothing was computed: what is asked for is not to be had here. */
  readonly unavailable?: string;
}

/** Asks for everything that a model has golden results of, in the manner of a site. */
export async function verifyModel(
  stage: Stage,
  golden: GoldenModel,
  setting: Setting,
  raw: string | undefined,
): Promise<Result> {
  const tasks = Object.keys(familyOf(golden.config).tasks(golden.config)) as PerformedTask[];
  const { model, page, ask } = await stage.serve(golden.folder, tasks);
  const name = path.basename(golden.folder);
  const about = { model: name, browser: stage.browser, ...setting };
  const hardware = { backends: [setting.backend], precision: setting.precision };
  const loaded = await ask.load(page, { model, task: tasks[0] ?? 'tensors', hardware });
  if ('refused' in loaded) return { ...about, checks: [], unavailable: loaded.refused };
  const native = setting.precision === 'fp32' ? undefined : await computeNatively(golden, setting);
  const subject = await createSubject(
    golden,
    model,
    { infer: (request) => ask.infer(page, request), run: (request) => ask.run(page, request) },
    setting,
    native,
  );
  await checkForward(subject);
  await checkLikelihoods(subject);
  await checkGeneration(subject);
  await checkTasks(subject);
  await checkProcessing(subject);
  const { checks, tensors } = subject.ledger;
  if (raw !== undefined) await writeRaw(raw, name, tensors);
  return { ...about, adapter: loaded.adapter, checks };
}

/** Seeds of the changes of last bits by which native kernels are compared with themselves. */
const SHAKES = [1, 2, 3];

/** What native kernels give for everything that graphs compute, with weights stored as in the setting. */
async function computeNatively(golden: GoldenModel, setting: Setting): Promise<ReadonlyMap<string, NativeResult>> {
  const compute = async (seed?: number) => {
    const subject = await createSubject(golden, '', await createNativeAsker(golden.folder, setting, seed), setting);
    await checkForward(subject);
    await checkLikelihoods(subject);
    return subject.ledger.tensors;
  };
  const plain = await compute();
  const shaken: ReadonlyMap<string, Numbers>[] = [];
  for (const seed of SHAKES) shaken.push(await compute(seed));
  const results = [...plain].map(([key, { values }]): [string, NativeResult] => {
    const apart = shaken.map((tensors) => deviationOf(tensors.get(key)?.values ?? [], values).rms);
    return [key, { values, shaken: Math.max(...apart) }];
  });
  return new Map(results);
}
