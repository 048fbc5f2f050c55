import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { CROSS_IO } from '../../offscreen/graphs/cross-attention.ts';
import { DECODER_IO, type DecoderGraph } from '../../offscreen/graphs/graph.ts';
import { floatsOf } from './golden.ts';
import type { Results } from './graph-runs.ts';

export interface DecoderSessions {
  readonly cross: InferenceSession;
  readonly decoder: InferenceSession;
  readonly shape: DecoderGraph['shape'];
}

/** A decoder that goes on from step to step, with the caches of those before. */
export interface Decoding {
  /** Logits [batch * tokens, vocabulary] of all new tokens, given as one list for each item of the batch. */
  step(tokens: readonly (readonly number[])[]): Promise<Float32Array>;
}

/**
 * Computes keys and values of the encoder's states and answers a decoder that has seen no token, with caches of `capacity` where
 * that is fixed.
 */
export async function startDecoding(
  { cross, decoder, shape }: DecoderSessions,
  states: Tensor,
  mask?: Tensor,
  capacity = 0,
): Promise<Decoding> {
  const crossed = (await cross.run({ [CROSS_IO.encoderStates]: states })) as Results;
  const given = mask ? { ...crossed, [CROSS_IO.encoderMask]: mask } : crossed;
  const [batch = 1] = states.dims;
  const dims = [batch, shape.keyValueHeads, capacity, shape.headSize];
  const size = dims.reduce((product, dim) => product * dim, 1);
  // Caches have the type that the cross graph computes in.
  const half = Object.values(crossed).some(({ type }) => type === 'float16');
  const none = () =>
    half ? new Tensor('float16', new Uint16Array(size), dims) : new Tensor('float32', new Float32Array(size), dims);
  const layers = Array.from({ length: shape.layers }, (_, layer) => layer);
  const names = layers.flatMap((layer) =>
    (['key', 'value'] as const).map((part) => ({
      past: DECODER_IO.past(layer, part),
      present: DECODER_IO.present(layer, part),
    })),
  );
  let caches: Record<string, Tensor> = Object.fromEntries(names.map((name) => [name.past, none()]));
  let past = 0;
  return {
    async step(tokens) {
      const length = tokens[0]?.length ?? 0;
      const total = past + length;
      const int64 = (values: readonly number[], dims: number[]) =>
        new Tensor('int64', BigInt64Array.from(values, BigInt), dims);
      const results = (await decoder.run({
        [DECODER_IO.inputIds]: int64(tokens.flat(), [batch, length]),
        [DECODER_IO.logitPositions]: int64([...Array(length).keys()], [length]),
        [DECODER_IO.lastPosition]: new Tensor('int32', new Int32Array(batch).fill(total - 1), [batch]),
        [DECODER_IO.totalTokens]: new Tensor('int32', [total], [1]),
        ...given,
        ...caches,
      })) as Results;
      past = total;
      caches = Object.fromEntries(names.map((name) => [name.past, results[name.present] ?? none()]));
      return floatsOf(results[DECODER_IO.logits]);
    },
  };
}

/** The last rows of logits [batch * tokens, vocabulary], one for each item of the batch. */
export function lastRows(logits: Float32Array, batch: number, vocabulary: number): Float32Array[] {
  const stride = logits.length / batch;
  return Array.from({ length: batch }, (_, i) => logits.subarray((i + 1) * stride - vocabulary, (i + 1) * stride));
}

/** Place of the largest number. */
export const likeliest = (row: Float32Array): number => row.indexOf(Math.max(...row));
