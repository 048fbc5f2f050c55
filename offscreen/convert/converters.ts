import * as v from 'valibot';
import { fromWireError, WebplatError } from '../../src/protocol/errors.ts';
import { onAbort } from '../../src/shared/abort.ts';
import type { Busy } from '../schedule/busy.ts';
import { answerFileAsk } from '../store/file-service.ts';
import type { ModelFile, ModelFiles } from '../store/manifest.ts';
import { type StoredPart, unwritableError } from '../store/stored-part.ts';
import type { ConverterWorker } from './converter-workers.ts';
import { type ConvertJob, FromConverter } from './messages.ts';

export interface ConvertRequest {
  readonly job: ConvertJob;
  readonly signal: AbortSignal;
  /** Asked whenever a converter is free: of all jobs that wait, the first of those with the largest number is next. */
  readonly urgency: () => number;
  onProgress(doneBytes: number): void;
}

/** Workers that make weights, each one part at a time. */
export interface Converters {
  /** @throws WebplatError, or a `DOMException` where nothing can be written, see `unwritableOf`. */
  convert(request: ConvertRequest): Promise<StoredPart>;
  /** Ends the workers that have nothing to do; new ones start when there is work again. */
  rest(): void;
}

export interface ConvertersEnvironment {
  /** How many at most. */
  readonly count: number;
  readonly files: readonly ModelFile[];
  readonly config: unknown;
  readonly service: ModelFiles;
  /** While requests are computed, half of the converters, but for the first, start nothing new, and the others take rests. */
  readonly busy: Busy;
  readonly spawn: () => ConverterWorker;
}

/** More converters than this wait for the disk. */
const MOST_CONVERTERS = 4;

/** As many as there are processors, which is what converting takes. */
export const converterCount = (): number => Math.max(1, Math.min(MOST_CONVERTERS, navigator.hardwareConcurrency));

interface Work extends ConvertRequest {
  resolve(stored: StoredPart): void;
  reject(error: unknown): void;
  /** Stops listening for an abort. */
  unhear(): void;
}

interface Converter {
  readonly worker: ConverterWorker;
  current: { readonly id: number; readonly work: Work } | undefined;
}

export function createConverters(environment: ConvertersEnvironment): Converters {
  const { count, files, config, service, busy, spawn } = environment;
  const waiting = new Set<Work>();
  const converters = new Set<Converter>();
  let lastId = 0;

  function start(): Converter {
    const worker = spawn();
    const converter: Converter = { worker, current: undefined };
    const broke = (reason: string) => {
      converters.delete(converter);
      worker.terminate();
      settle(converter, (work) => work.reject(new WebplatError('engine-failed', reason)));
    };
    worker.onmessage = ({ data }) => {
      const message = v.safeParse(FromConverter, data);
      if (!message.success) broke('A converter answered with something else.');
      else if (message.output.kind === 'ask') void answerFileAsk(message.output, service).then(worker.postMessage);
      else receive(converter, message.output);
    };
    worker.onbroke = () => broke('A converter stopped.');
    worker.postMessage({ kind: 'start', files: files.map(({ path, bytes }) => ({ path, bytes })), config });
    if (busy.now) worker.postMessage({ kind: 'busy', busy: true });
    converters.add(converter);
    return converter;
  }

  function receive(converter: Converter, message: Exclude<FromConverter, { kind: 'ask' }>): void {
    if (converter.current?.id !== message.id) return;
    if (message.kind === 'progress') converter.current.work.onProgress(message.doneBytes);
    else if (message.kind === 'done') settle(converter, (work) => work.resolve(message.stored));
    else settle(converter, (work) => work.reject(errorOf(message)));
  }

  function settle(converter: Converter, end: (work: Work) => void): void {
    const { work } = converter.current ?? {};
    converter.current = undefined;
    work?.unhear();
    if (work) end(work);
    next();
  }

  function next(): void {
    const most = busy.now ? Math.max(1, count >> 1) : count;
    while (waiting.size > 0) {
      if ([...converters].filter(({ current }) => current).length >= most) return;
      const free = [...converters].find(({ current }) => !current) ?? (converters.size < count ? start() : undefined);
      if (!free) return;
      give(free, mostUrgent(waiting));
    }
  }

  function give(converter: Converter, work: Work): void {
    waiting.delete(work);
    work.unhear();
    lastId += 1;
    const id = lastId;
    converter.current = { id, work };
    converter.worker.postMessage({ kind: 'convert', id, job: work.job });
    // The file is closed before the abort is reported: who makes the part anew finds it free.
    work.unhear = onAbort(work.signal, () => converter.worker.postMessage({ kind: 'abort', id }));
  }

  // They live as long as their worker, hence as long as whoever tells it.
  busy.watch((now) => {
    for (const { worker } of converters) worker.postMessage({ kind: 'busy', busy: now });
    next();
  }, new AbortController().signal);
  return {
    convert(request) {
      return new Promise<StoredPart>((resolve, reject) => {
        const work: Work = { ...request, resolve, reject, unhear: () => {} };
        waiting.add(work);
        work.unhear = onAbort(request.signal, (reason) => {
          waiting.delete(work);
          reject(reason);
        });
        next();
      });
    },
    rest() {
      if (waiting.size > 0) return;
      for (const converter of converters) {
        if (converter.current) continue;
        converter.worker.terminate();
        converters.delete(converter);
      }
    },
  };
}

function mostUrgent(waiting: Iterable<Work>): Work {
  const [first, ...others] = waiting;
  if (!first) throw new RangeError('Nothing waits.');
  return others.reduce((best, work) => (work.urgency() > best.urgency() ? work : best), first);
}

const errorOf = ({ error, unwritable }: Extract<FromConverter, { kind: 'failed' }>): unknown =>
  unwritable ? unwritableError(unwritable) : fromWireError(error);
