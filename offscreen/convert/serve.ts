import * as v from 'valibot';
import { toWireError, WebplatError } from '../../src/protocol/errors.ts';
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts';
import { familyOf } from '../families/registry.ts';
import type { ConvertOptions } from '../graphs/build/convert.ts';
import type { WeightPart } from '../graphs/build/graph-builder.ts';
import { type Busy, createBusySign } from '../schedule/busy.ts';
import { createFileServiceClient } from '../store/file-service.ts';
import { openPrivateFiles } from '../store/files.ts';
import { createModelReader } from '../store/model-reader.ts';
import { artifactsFolder, makePartFile, type StoredPart, unwritableOf } from '../store/stored-part.ts';
import { courteous } from './courteous.ts';
import { type ConvertJob, type FromConverter, ToConverter } from './messages.ts';

/** The converter's end of its worker. */
export interface ConverterPort {
  postMessage(message: FromConverter): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

/** Makes parts of weights, one at a time, in files of the private file system. */
export function serveConverter(port: ConverterPort): void {
  const running = new Map<number, AbortController>();
  const service = createFileServiceClient((ask) => port.postMessage(ask));
  const busy = createBusySign();
  let convert: ((job: ConvertJob, options: ConvertOptions) => Promise<StoredPart>) | undefined;

  async function answer(id: number, job: ConvertJob): Promise<void> {
    const abort = new AbortController();
    running.set(id, abort);
    try {
      if (!convert) throw new WebplatError('internal');
      const onProgress = (doneBytes: number) => port.postMessage({ kind: 'progress', id, doneBytes });
      const stored = await convert(job, { signal: abort.signal, onProgress });
      port.postMessage({ kind: 'done', id, stored });
    } catch (error) {
      port.postMessage({ kind: 'failed', id, error: toWireError(error), unwritable: unwritableOf(error) });
    } finally {
      running.delete(id);
    }
  }

  port.onmessage = ({ data }) => {
    const message = v.parse(ToConverter, data);
    if (message.kind === 'answer') service.receive(message);
    else if (message.kind === 'busy') busy.set(message.busy);
    else if (message.kind === 'abort') running.get(message.id)?.abort(new WebplatError('aborted'));
    else if (message.kind === 'convert') void answer(message.id, message.job);
    else convert = createConverter(message, service, busy);
  };
}

function createConverter(
  { files, config }: Extract<ToConverter, { kind: 'start' }>,
  service: Parameters<typeof createModelReader>[1],
  busy: Busy,
) {
  const family = familyOf(config);
  const opened = openCheckpoint(createModelReader(files, service, new AbortController().signal));
  opened.catch(() => {});
  const emitted = new Map<string, readonly WeightPart[]>();

  return async ({ component, storage, key, part, madeOf }: ConvertJob, options: ConvertOptions) => {
    const { table, reader } = await opened;
    const parts = emitted.get(key) ?? family.components[component]?.(config, table, storage).parts;
    const wanted = parts?.find(({ file }) => file === part);
    const folder = await (await artifactsFolder(await openPrivateFiles()))?.getDirectoryHandle(key);
    if (!parts || !wanted || !folder) throw new WebplatError('internal');
    emitted.set(key, parts);
    return makePartFile(folder, wanted, { reader: courteous(reader, busy), madeOf }, options);
  };
}
