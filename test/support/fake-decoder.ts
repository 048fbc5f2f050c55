import type { DecoderShape } from '../../offscreen/graphs/graph.ts';
import type { Decoder, DecoderSequence, EncoderStates, NewTokens } from '../../offscreen/tasks/decoder.ts';

export const FAKE_SHAPE: DecoderShape = {
  ...{ hidden: 2, layers: 1, keyValueHeads: 1, headSize: 2 },
  vocabularySize: 4,
  contextTokens: 16,
};

/** What a step was given: all tokens of its sequence so far, those of the step included, or vectors of the step. */
export type FakeStep = readonly number[] | Float32Array;

export interface FakeDecoder {
  readonly decoder: Decoder;
  readonly steps: FakeStep[];
  readonly abouts: (EncoderStates | undefined)[];
  opened(): number;
}

/** A decoder whose logits are a function of what its sequence has read. Every step takes 2 ms. */
export function makeFakeDecoder(
  logitsOf: (tokens: FakeStep) => readonly number[],
  { shape = FAKE_SHAPE, maxSequences = 4 }: { readonly shape?: DecoderShape; readonly maxSequences?: number } = {},
): FakeDecoder {
  const steps: FakeStep[] = [];
  const abouts: (EncoderStates | undefined)[] = [];
  const read = new WeakMap<DecoderSequence, number[]>();
  let opened = 0;
  function makeSequence(): DecoderSequence {
    let count = 0;
    opened += 1;
    const sequence: DecoderSequence = {
      get length() {
        return count;
      },
      async advance(tokens: NewTokens) {
        const vectors = tokens instanceof Float32Array;
        if (vectors !== Boolean(shape.embeddings)) throw new TypeError('Those are no tokens of this decoder.');
        const known = [...(read.get(sequence) ?? []), ...(vectors ? [] : tokens)];
        read.set(sequence, known);
        count += vectors ? tokens.length / shape.hidden : tokens.length;
        steps.push(vectors ? tokens : known);
        return { logits: Float32Array.from(logitsOf(vectors ? tokens : known)), computeMs: 2 };
      },
      copyFrom(other) {
        read.set(sequence, [...(read.get(other) ?? [])]);
        count = other.length;
      },
      close() {
        opened -= 1;
      },
    };
    return sequence;
  }
  const openAll = async (count: number, about?: EncoderStates) => {
    abouts.push(about);
    return Array.from({ length: count }, makeSequence);
  };
  const open = async (about?: EncoderStates) => {
    abouts.push(about);
    return makeSequence();
  };
  return { decoder: { shape, maxSequences, open, openAll }, steps, abouts, opened: () => opened };
}
