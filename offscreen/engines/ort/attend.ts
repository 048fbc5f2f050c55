import { createConverterHost } from '../../convert/converter-workers.ts';
import { answerFileAsk } from '../../store/file-service.ts';
import type { ModelFiles } from '../../store/manifest.ts';
import type { LoadOptions } from '../engine.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** What a model's worker has around it. */
export interface Attendant {
  /** Answers what the worker asks of its surroundings; false for everything else. */
  attend(message: FromWorker): boolean;
  /** To be called with the worker's end. */
  end(): void;
}

/** Brings a worker, as long as it lives, what it asks for: files, memory, converters, and somebody who sees how far it is. */
export function createAttendant(
  worker: Pick<Worker, 'postMessage'>,
  { files, admit, onProgress, onDropped }: Pick<LoadOptions, 'files' | 'admit' | 'onProgress' | 'onDropped'>,
  filesOf: (adapter: number) => ModelFiles | undefined = () => undefined,
): Attendant {
  const tell = (message: ToWorker) => worker.postMessage(message);
  const converters = createConverterHost(tell);
  const attend = (message: FromWorker): boolean => {
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
    } else if (message.kind === 'converter' || message.kind === 'converter-end') {
      converters.receive(message);
    } else return false;
    return true;
  };
  return { attend, end: converters.end };
}
