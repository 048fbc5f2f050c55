import { onAbort } from '../shared/abort.ts';
import type { PortClient } from './client.ts';
import type { ChunkOf, Method, ParamsOf, ResultOf } from './define.ts';
import { parseResult } from './dispatch.ts';
import { fromWireError, toWireError, WebplatError, type WireError } from './errors.ts';
import { parse } from './parse.ts';

export interface CallOptions<Chunk> {
  readonly signal?: AbortSignal;
  /** Chunks in flight at most; more is granted as `onChunk` returns. */
  readonly credit?: number;
  readonly onChunk?: (chunk: Chunk) => void;
  readonly transfer?: Transferable[];
}

/**
 * Calls `method` and validates what comes back. For trusted contexts (host pages without an extension, benchmarks,
 * tests); the page API has its own, because sites may have replaced the built-ins that this uses.
 */
export function callMethod<M extends Method>(
  client: PortClient,
  method: M,
  params: ParamsOf<M>,
  options: CallOptions<ChunkOf<M>> = {},
): Promise<ResultOf<M>> {
  const { signal, onChunk } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let ended = false;
    let stop = () => {};
    const call = client.call(
      {
        method: method.name,
        params,
        credit: onChunk ? (options.credit ?? 16) : 0,
        transfer: options.transfer,
      },
      {
        chunk(value) {
          try {
            if (!method.chunk) throw new WebplatError('internal');
            onChunk?.(parse(method.chunk, value, method.name) as ChunkOf<M>);
            call.grant(1);
          } catch (error) {
            reject(error);
            call.abort(ABORTED);
          }
        },
        end(outcome) {
          ended = true;
          stop();
          try {
            if (!outcome.ok) throw fromWireError(outcome.error);
            resolve(parseResult(method, outcome.value));
          } catch (error) {
            reject(error);
          }
        },
      },
    );
    if (ended) return;
    stop = onAbort(signal, (reason) => {
      reject(reason);
      call.abort(ABORTED);
    });
  });
}

const ABORTED: WireError = toWireError(new WebplatError('aborted'));
