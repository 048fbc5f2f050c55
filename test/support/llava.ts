import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { DECODER_IO, type DecoderShape } from '../../offscreen/graphs/graph.ts';
import { emptyCaches, stepEmbeddings } from './decoder-steps.ts';
import { floatsOf, type GoldenCase, runGraph } from './golden.ts';

/** A language model that takes vectors, what makes them of ids, and the id that vectors of images stand in for. */
export interface LlavaSessions {
  readonly embedding: InferenceSession;
  readonly decoder: InferenceSession;
  readonly shape: DecoderShape;
  readonly imageToken: number;
}

/** A case of `generation` in `golden.json`. */
export interface Greedy {
  readonly name: string;
  readonly prompt_ids: number[];
  readonly inputs?: GoldenCase['inputs'];
  readonly new_ids: number[];
}

/** Vectors of `ids`, those of image tokens replaced by the rows of `features` one after the other. */
export async function embedPrompt(
  { embedding, shape, imageToken }: LlavaSessions,
  ids: readonly number[],
  features: Float32Array = new Float32Array(),
): Promise<Tensor> {
  const input = new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]);
  const embedded = await runGraph(embedding, { [DECODER_IO.inputIds]: input });
  const vectors = floatsOf(embedded[DECODER_IO.inputsEmbeds]);
  let used = 0;
  for (const [at, id] of ids.entries()) {
    if (id !== imageToken) continue;
    vectors.set(features.subarray(used, used + shape.hidden), at * shape.hidden);
    used += shape.hidden;
  }
  if (used !== features.length)
    throw new Error(`The prompt has ${used / shape.hidden} image tokens, not as many as there are features.`);
  return new Tensor('float32', vectors, [1, ids.length, shape.hidden]);
}

/** Logits of every token of a prompt, [tokens * vocabulary]. */
export async function logitsOfPrompt(sessions: LlavaSessions, ids: readonly number[], features?: Float32Array) {
  const vectors = await embedPrompt(sessions, ids, features);
  return (await stepEmbeddings(sessions.decoder, vectors, 0, emptyCaches(sessions.decoder, sessions.shape))).logits;
}

/** The `count` likeliest tokens after a prompt, one at a time. */
export async function generate(
  sessions: LlavaSessions,
  ids: readonly number[],
  features: Float32Array | undefined,
  count: number,
): Promise<number[]> {
  const tokens: number[] = [];
  let vectors = await embedPrompt(sessions, ids, features);
  let caches = emptyCaches(sessions.decoder, sessions.shape);
  let past = 0;
  while (tokens.length < count) {
    const step = await stepEmbeddings(sessions.decoder, vectors, past, caches);
    past += vectors.dims[1] ?? 0;
    caches = step.caches;
    const last = step.logits.subarray(-sessions.shape.vocabularySize);
    const token = last.indexOf(Math.max(...last));
    tokens.push(token);
    vectors = await embedPrompt(sessions, [token]);
  }
  return tokens;
}
