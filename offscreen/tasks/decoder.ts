import type { DecoderShape } from '../graphs/graph.ts';

export interface StepResult {
  /** [wanted positions, vocabulary], row-major; belongs to the caller. */
  readonly logits: Float32Array;
  /** Time the device worked on it, waiting for others excluded; in the first step, on the encoder's states too. */
  readonly computeMs: number;
}

/**
 * New tokens of a sequence: ids, or, where `shape.embeddings` is set, vectors [tokens, `shape.hidden`], row-major, one after
 * the other.
 */
export type NewTokens = readonly number[] | Float32Array;

/** What an encoder made of one text or recording. */
export interface EncoderStates {
  /** [states, `shape.encoder.hidden`], row-major. */
  readonly values: Float32Array;
  /** [states]: 1 for those that count, 0 for padding. All count, if left out. */
  readonly mask?: readonly number[] | undefined;
}

/** One text under way, with its own cache of keys and values. */
export interface DecoderSequence {
  /** Tokens taken so far. */
  readonly length: number;
  /** Appends `tokens` and computes the logits at `positions` among them; by default only at the last. */
  advance(tokens: NewTokens, positions?: readonly number[]): Promise<StepResult>;
  /** Becomes a copy of another sequence that was opened together with this one; both go on by themselves. */
  copyFrom(other: DecoderSequence): void;
  /** Gives the cache back. Calling it twice is no error. */
  close(): void;
}

/** A language model in memory that writes token by token, whatever runs it. */
export interface Decoder {
  readonly shape: DecoderShape;
  /** Sequences that it can hold. */
  readonly maxSequences: number;
  /**
   * Waits for a free cache when as many sequences are open as the decoder can hold. A decoder whose `shape.encoder` is set is
   * opened about what its encoder made; keys and values of it are computed once, and freed with the sequence.
   *
   * @throws WebplatError `context-overflow` for more states than `shape.encoder.states`
   */
  open(about?: EncoderStates): Promise<DecoderSequence>;
  /**
   * Opens several sequences about the same, once there are caches for all of them.
   *
   * @throws WebplatError `invalid-request` for more than `maxSequences`
   */
  openAll(count: number, about?: EncoderStates): Promise<readonly DecoderSequence[]>;
}
