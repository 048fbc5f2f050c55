import * as v from 'valibot';
import type { TaskName } from '../scalars.ts';

/** A task that takes one input and gives one output: everything both ends need to know about it. */
export interface TaskDefinition<
  Name extends TaskName = TaskName,
  Input extends v.GenericSchema = v.GenericSchema,
  Options extends v.GenericSchema = v.GenericSchema,
  Output extends v.GenericSchema = v.GenericSchema,
> {
  readonly name: Name;
  /** One sentence for `docs/page-api.md`. */
  readonly doc: string;
  readonly input: Input;
  readonly options: Options;
  readonly output: Output;
}

/** Describes a task; see the other files beside this one. */
export const defineTask = <
  const N extends TaskName,
  I extends v.GenericSchema,
  O extends v.GenericSchema,
  R extends v.GenericSchema,
>(
  definition: TaskDefinition<N, I, O, R>,
): TaskDefinition<N, I, O, R> => Object.freeze(definition);

/** How many of the likeliest labels are wanted; all, if left out. */
export const TopK = v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(100_000)));
