import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Streaming } from '../../../../src/protocol/model.ts';
import { DECODER_IO, type DecoderShape, PIECE_IO } from '../../../graphs/graph.ts';
import type { Runnable } from '../fixed-session.ts';
import type { LayerWeights } from './layer-weights.ts';

type Feeds = Readonly<Record<string, Tensor>>;

/** A piece of a decoder, open, and the weights that it is fed. */
export interface OpenPiece {
  readonly session: Runnable;
  readonly weights: readonly string[];
}

export interface StreamedParts {
  readonly shape: DecoderShape;
  readonly embedding: OpenPiece;
  readonly layer: OpenPiece;
  readonly head: OpenPiece;
  readonly weights: LayerWeights;
}

/** A decoder that runs as the whole graph does, layer by layer. */
export interface StreamedSession extends Runnable {
  streaming(): Streaming;
}

const PARTS = ['key', 'value'] as const;

/** How much the latest step counts in what is said of the speed. */
const LATEST_SHARE = 0.25;

export function createStreamedSession(parts: StreamedParts): StreamedSession {
  const { shape, embedding, layer, head, weights } = parts;
  let tokenMs: number | undefined;

  /** The states that layers begin with. */
  async function begin(feeds: Feeds): Promise<Tensor> {
    const name = shape.embeddings ? DECODER_IO.inputsEmbeds : DECODER_IO.inputIds;
    const given = { [name]: take(feeds, name), ...pick(weights.ends, embedding.weights) };
    return take(await embedding.session.run(given), PIECE_IO.nextStates);
  }

  async function runLayer(at: number, states: Tensor, feeds: Feeds, fetches: Readonly<Record<string, Tensor | null>>) {
    const own = await weights.layer(at);
    const inputs: Record<string, Tensor> = {
      [PIECE_IO.states]: states,
      [DECODER_IO.lastPosition]: take(feeds, DECODER_IO.lastPosition),
      [DECODER_IO.totalTokens]: take(feeds, DECODER_IO.totalTokens),
      ...pick({ ...weights.ends, ...own }, layer.weights),
    };
    const outputs: Record<string, Tensor | null> = { [PIECE_IO.nextStates]: null };
    for (const part of PARTS) {
      inputs[DECODER_IO.past(0, part)] = take(feeds, DECODER_IO.past(at, part));
      outputs[DECODER_IO.present(0, part)] = fetches[DECODER_IO.present(at, part)] ?? null;
    }
    const results = await layer.session.run(inputs, outputs);
    const present = PARTS.map((part) => [DECODER_IO.present(at, part), take(results, DECODER_IO.present(0, part))]);
    return { states: take(results, PIECE_IO.nextStates), present: Object.fromEntries(present) as Feeds };
  }

  return {
    async run(feeds, fetches = {}) {
      const start = performance.now();
      let states = await begin(feeds);
      const results: Record<string, Tensor> = {};
      for (let at = 0; at < shape.layers; at += 1) {
        const done = await runLayer(at, states, feeds, fetches);
        states.dispose();
        states = done.states;
        Object.assign(results, done.present);
      }
      const positions = { [DECODER_IO.logitPositions]: take(feeds, DECODER_IO.logitPositions) };
      const given = { [PIECE_IO.states]: states, ...positions, ...pick(weights.ends, head.weights) };
      Object.assign(results, await head.session.run(given, { [DECODER_IO.logits]: null }));
      const tokens = states.dims[1];
      states.dispose();
      if (tokens === 1) {
        const ms = performance.now() - start;
        tokenMs = tokenMs === undefined ? ms : tokenMs + (ms - tokenMs) * LATEST_SHARE;
      }
      return results as InferenceSession.OnnxValueMapType;
    },
    streaming: () => ({
      layers: shape.layers,
      streamedLayers: weights.streamedLayers,
      tokenBytes: weights.stepBytes,
      ...(tokenMs !== undefined && { tokenMs: Math.round(tokenMs) }),
    }),
    async release() {
      for (const piece of [embedding, layer, head]) await piece.session.release();
      await weights.dispose();
    },
  };
}

function take(values: Feeds, name: string): Tensor {
  const value = values[name];
  if (!value) throw new RangeError(`There is no ${name}.`);
  return value;
}

const pick = (values: Feeds, names: readonly string[]): Feeds =>
  Object.fromEntries(names.map((name) => [name, take(values, name)]));
