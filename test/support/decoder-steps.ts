import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { DECODER_IO, type DecoderShape } from '../../offscreen/graphs/graph.ts';
import { floatsOf, runGraph } from './golden.ts';

/** Caches of a decoder by the names of their inputs. */
export type Caches = Readonly<Record<string, Tensor>>;

/** Caches of no token yet, of the type that the session takes. */
export function emptyCaches(session: InferenceSession, { keyValueHeads, headSize }: DecoderShape): Caches {
  const dims = [1, keyValueHeads, 0, headSize];
  const caches = session.inputMetadata.filter(({ name }) => name.startsWith('past.'));
  return Object.fromEntries(
    caches.map((input) => {
      const half = input.isTensor && input.type === 'float16';
      return [input.name, half ? new Tensor('float16', new Uint16Array(), dims) : new Tensor('float32', [], dims)];
    }),
  );
}

/**
 * Runs a decoder on the vectors [1, new tokens, hidden] of new tokens after `past` others.
 *
 * @returns logits of every new token, [new tokens * vocabulary], and the caches with them
 */
export async function stepEmbeddings(session: InferenceSession, vectors: Tensor, past: number, caches: Caches) {
  const count = vectors.dims[1] ?? 0;
  const total = past + count;
  const result = await runGraph(session, {
    [DECODER_IO.inputsEmbeds]: vectors,
    [DECODER_IO.logitPositions]: new Tensor(
      'int64',
      BigInt64Array.from({ length: count }, (_, i) => BigInt(i)),
      [count],
    ),
    [DECODER_IO.lastPosition]: new Tensor('int32', [total - 1], [1]),
    [DECODER_IO.totalTokens]: new Tensor('int32', [total], [1]),
    ...caches,
  });
  const next = Object.keys(caches).map((name) => [name, result[name.replace('past', 'present')] as Tensor]);
  return { logits: floatsOf(result[DECODER_IO.logits]), caches: Object.fromEntries(next) as Caches };
}
