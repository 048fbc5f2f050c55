import { answerFileAsk } from '../../store/file-service.ts';
import type { ModelFiles } from '../../store/manifest.ts';
import type { LoadOptions } from '../engine.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** Answers what a worker asks of its surroundings, as long as it lives: files, memory, and somebody who sees how far it is. */
export function createAttendant(
  worker: Pick<Worker, 'postMessage'>,
  { files, admit, onProgress, onDropped }: Pick<LoadOptions, 'files' | 'admit' | 'onProgress' | 'onDropped'>,
  filesOf: (adapter: number) => ModelFiles | undefined = () => undefined,
): (message: FromWorker) => boolean {
  const tell = (message: ToWorker) => worker.postMessage(message);
  return (message) => {
    if (message.kind === 'progress') {
      const { kind: _, ...progress } = message;
      onProgress(progress);
    } else if (message.kind === 'dropped') {
      onDropped(message.component);
    } else if (message.kind === 'ask') {
      const { adapter } = message;
      void answerFileAsk(message, adapter === undefined ? files : filesOf(adapter)).then(tell);
    } else if (message.kind === 'admit') {
      void admit(message.memory).then((answer) =>
        tell({ kind: 'admitted', ...(!answer.granted && { quotaBytes: answer.quotaBytes }) }),
      );
    } else return false;
    return true;
  };
}
