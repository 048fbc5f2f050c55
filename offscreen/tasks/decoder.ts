import type { DecoderShape } from '../graphs/graph.ts';

export interface StepResult {
  /** [wanted positions, vocabulary], row-major; belongs to the caller. */
  readonly logits: Float32Array;
  /** Time the device worked on it, waiting for others excluded. */
  readonly computeMs: number;
}

/** One text under way, with its own cache of keys and values. */
export interface DecoderSequence {
  /** Tokens taken so far. */
  readonly length: number;
  /** Appends `tokens` and computes the logits at `positions` among them; by default only at the last. */
  advance(tokens: readonly number[], positions?: readonly number[]): Promise<StepResult>;
  /** Gives the cache back. Calling it twice is no error. */
  close(): void;
}

/** A decoder-only language model in memory, whatever runs it. */
export interface Decoder {
  readonly shape: DecoderShape;
  /** Waits for a free cache when as many sequences are open as the decoder can hold. */
  open(): Promise<DecoderSequence>;
}
