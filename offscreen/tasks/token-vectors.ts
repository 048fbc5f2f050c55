import { WebplatError } from '../../src/protocol/errors.ts';
import { DECODER_IO } from '../graphs/graph.ts';
import type { Decoder, DecoderSequence } from './decoder.ts';
import type { Graph, GraphEvents } from './graph.ts';

/** Vectors of tokens [ids, hidden], from a graph that has the table of them. */
export async function embedTokens(
  embedding: Graph,
  ids: readonly number[],
  events: GraphEvents,
): Promise<Float32Array<ArrayBuffer>> {
  const data = BigInt64Array.from(ids, BigInt).buffer;
  const outputs = await embedding.run(
    { [DECODER_IO.inputIds]: { dtype: 'int64', dims: [1, ids.length], data } },
    events,
  );
  const vectors = outputs[DECODER_IO.inputsEmbeds];
  if (vectors?.dtype !== 'float32') throw new WebplatError('internal');
  return new Float32Array(vectors.data);
}

export interface Picture {
  /** The id that stands for one vector of an image. */
  readonly token: number;
  /** Vectors of all images, one after the other: [tokens of images, hidden]. */
  readonly features: Float32Array;
}

/**
 * Vectors of a prompt [ids, hidden], those of images in the places of their tokens.
 *
 * @throws WebplatError `invalid-request` for a prompt with more or fewer tokens of images than there are vectors
 */
export async function embedPrompt(
  embedding: Graph,
  ids: readonly number[],
  { token, features }: Picture,
  events: GraphEvents,
): Promise<Float32Array<ArrayBuffer>> {
  const vectors = await embedTokens(embedding, ids, events);
  const hidden = vectors.length / ids.length;
  const places = ids.flatMap((id, at) => (id === token ? [at] : []));
  if (places.length * hidden !== features.length) {
    throw new WebplatError(
      'invalid-request',
      `The prompt has room for ${places.length} vectors of images; there are ${features.length / hidden}.`,
    );
  }
  for (const [row, place] of places.entries()) {
    vectors.set(features.subarray(row * hidden, (row + 1) * hidden), place * hidden);
  }
  return vectors;
}

/** A decoder of vectors that takes ids as well: `embedding` makes vectors of them first. */
export function embeddingDecoder(decoder: Decoder, embedding: Graph): Decoder {
  const { embeddings: _, ...shape } = decoder.shape;
  const inner = new WeakMap<DecoderSequence, DecoderSequence>();
  // Nobody stops a step halfway.
  const { signal } = new AbortController();

  function wrap(sequence: DecoderSequence): DecoderSequence {
    const wrapped: DecoderSequence = {
      get length() {
        return sequence.length;
      },
      async advance(tokens, positions) {
        if (tokens instanceof Float32Array) return sequence.advance(tokens, positions);
        let embedMs = 0;
        const onCompute = (ms: number) => {
          embedMs = ms;
        };
        const step = await sequence.advance(await embedTokens(embedding, tokens, { signal, onCompute }), positions);
        return { ...step, computeMs: step.computeMs + embedMs };
      },
      copyFrom: (other) => sequence.copyFrom(inner.get(other) ?? other),
      close: () => sequence.close(),
    };
    inner.set(wrapped, sequence);
    return wrapped;
  }

  return {
    shape,
    maxSequences: decoder.maxSequences,
    open: async (about) => wrap(await decoder.open(about)),
    openAll: async (count, about) => (await decoder.openAll(count, about)).map(wrap),
  };
}
