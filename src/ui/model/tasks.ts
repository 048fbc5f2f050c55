import type { TaskName } from '../../protocol/scalars.ts';

/** What a task lets a site do, in a few words and in one sentence. */
export const TASK_WORDS: Readonly<Record<TaskName, { readonly title: string; readonly detail: string }>> = {
  'text-generation': { title: 'Write text', detail: 'It sends text to the model and gets text back.' },
  tensors: { title: 'Run raw numbers', detail: 'It sends numbers to the model and gets numbers back.' },
};
