import * as v from 'valibot';
import { fromWireError, toWireError, WebplatError, WireError } from '../../src/protocol/errors.ts';
import { Bytes, RequestId } from '../../src/protocol/scalars.ts';
import type { FileAccess, ModelFiles } from './manifest.ts';

/** How a worker asks for the files of its model, and what it is answered. */

const Path = v.pipe(v.string(), v.maxLength(256));

/** Number by which an engine and its worker know an adapter. */
export const AdapterId = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const FileAsk = v.strictObject({
  kind: v.literal('ask'),
  id: RequestId,
  /** Whose files are meant; the model's own, if left out. */
  adapter: v.optional(AdapterId),
  what: v.variant('do', [
    v.strictObject({ do: v.literal('open'), path: Path }),
    v.strictObject({ do: v.literal('chunk'), path: Path, index: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
    v.strictObject({ do: v.literal('checked'), paths: v.pipe(v.array(Path), v.maxLength(4096)) }),
  ]),
});
export type FileAsk = v.InferOutput<typeof FileAsk>;

const Access = v.variant('kind', [
  v.strictObject({ kind: v.literal('url'), bytes: Bytes, url: v.string(), sha256: v.string() }),
  v.strictObject({ kind: v.literal('chunks'), bytes: Bytes, id: v.string(), complete: v.boolean() }),
]);

export const FileAnswer = v.strictObject({
  kind: v.literal('answer'),
  id: RequestId,
  access: v.optional(Access),
  error: v.optional(WireError),
});
export type FileAnswer = v.InferOutput<typeof FileAnswer>;

/** Answers a worker's questions about files. */
export async function answerFileAsk({ id, what }: FileAsk, files: ModelFiles | undefined): Promise<FileAnswer> {
  try {
    if (!files) throw new WebplatError('internal');
    if (what.do === 'open') return { kind: 'answer', id, access: await files.open(what.path) };
    if (what.do === 'chunk') await files.chunk(what.path, what.index);
    else await files.checked(what.paths);
    return { kind: 'answer', id };
  } catch (error) {
    return { kind: 'answer', id, error: toWireError(error) };
  }
}

/** The worker's end. */
export interface FileServiceClient extends ModelFiles {
  /** The files of an adapter, by the same way. */
  of(adapter: number): ModelFiles;
  /** Takes an answer of the other end. */
  receive(answer: FileAnswer): void;
}

export function createFileServiceClient(post: (ask: FileAsk) => void): FileServiceClient {
  const waiting = new Map<number, (answer: FileAnswer) => void>();
  let last = 0;

  async function ask(adapter: number | undefined, what: FileAsk['what']): Promise<FileAnswer> {
    last += 1;
    const id = last;
    const answer = await new Promise<FileAnswer>((resolve) => {
      waiting.set(id, resolve);
      post({ kind: 'ask', id, ...(adapter !== undefined && { adapter }), what });
    });
    if (answer.error) throw fromWireError(answer.error);
    return answer;
  }

  const filesOf = (adapter: number | undefined): ModelFiles => ({
    async open(path) {
      const { access } = await ask(adapter, { do: 'open', path });
      if (!access) throw new TypeError('An opened file without a way to it.');
      return access as FileAccess;
    },
    chunk: async (path, index) => void (await ask(adapter, { do: 'chunk', path, index })),
    checked: async (paths) => void (await ask(adapter, { do: 'checked', paths: [...paths] })),
  });

  return {
    ...filesOf(undefined),
    of: filesOf,
    receive(answer) {
      waiting.get(answer.id)?.(answer);
      waiting.delete(answer.id);
    },
  };
}
