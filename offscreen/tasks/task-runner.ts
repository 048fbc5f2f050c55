import type { PerformedTask, TaskOutput } from '../../src/protocol/tasks/tasks.ts';
import type { PerformEvents, PerformRequest } from '../engines/engine.ts';
import type { TaskModel } from './task-model.ts';

/** Does one task with any model that has the components for it. */
export type TaskRunner<T extends PerformedTask> = (
  model: TaskModel,
  request: PerformRequest<T>,
  events: PerformEvents,
) => Promise<TaskOutput<T>>;
