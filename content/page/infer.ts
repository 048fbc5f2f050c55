import type { GenerationResult, TaskResult } from '../webplat.d.ts';
import type { Connection } from './connection.ts';
import { afterFiles } from './files.ts';
import { append } from './primordials.ts';
import { type Fields, fields, oneOf, optional } from './read.ts';
import { INFER_FIELDS, readHardware, readInfer, readModel, readWaiter } from './requests.ts';
import { type Plan, PROGRESS_CREDIT, sealed, workOf } from './start-call.ts';
import { PERFORMED_TASKS, pageResult, readTask } from './tasks.ts';

type Performed = (typeof PERFORMED_TASKS)[number];

const GENERATION = 'text-generation';
const TASKS: (Performed | typeof GENERATION)[] = [GENERATION];
for (let at = 0; at < PERFORMED_TASKS.length; at++) append(TASKS, PERFORMED_TASKS[at] as Performed);

export const generated = (value: unknown) => sealed<GenerationResult>(value);

/** What `infer` does for a request: text generation has a message of its own, every other task goes to `perform`. */
export function planInference(
  connection: Connection,
  request: unknown,
): Plan<GenerationResult | TaskResult<Performed>> {
  const from = fields('infer', request, INFER_FIELDS);
  const task = oneOf('infer: task', from.task, TASKS);
  if (task !== GENERATION) return planTask(connection, task, from);
  const { params, waiter } = readInfer('infer', from);
  return { route: connection.use(params.model, task), work: workOf('infer', params, waiter), convert: generated };
}

function planTask(connection: Connection, task: Performed, from: Fields): Plan<TaskResult<Performed>> {
  const model = readModel('infer', from.model);
  const waiter = readWaiter('infer', from, 'onProgress');
  const hardware = optional('infer: hardware', from.hardware, readHardware);
  const { input, options, into } = readTask('infer', task, from);
  const { files, transfer } = into;
  return {
    route: afterFiles(connection.use(model, task), files),
    work: {
      method: 'perform',
      params: { model, task, input, options, hardware },
      waiter,
      transfer,
      credit: waiter.onProgress ? PROGRESS_CREDIT : 0,
    },
    convert: pageResult,
  };
}
