import * as v from 'valibot';
import { Hardware, StoredPrecision } from './hardware.ts';
import { LIMITS } from './limits.ts';
import { isInnerPath } from './model-files.ts';
import { Backend, Count, DurationMs, ModelName, Text } from './scalars.ts';

export const ChatMessage = v.strictObject({
  role: v.picklist(['system', 'user', 'assistant']),
  content: Text,
});
export type ChatMessage = v.InferOutput<typeof ChatMessage>;

const unitInterval = v.pipe(v.number(), v.finite(), v.gtValue(0), v.maxValue(1));

/** Sampling. Greedy when `temperature` is 0, which is the default. */
export const GenerationOptions = v.strictObject({
  maxNewTokens: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(LIMITS.newTokens))),
  temperature: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(10))),
  topK: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1_000_000))),
  topP: v.optional(unitInterval),
  /** Divides the logits of tokens seen so far (multiplies negative ones): Keskar et al. 2019, arXiv:1909.05858. */
  repetitionPenalty: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0.1), v.maxValue(10))),
  /** Equal seeds give equal samples on equal hardware. */
  seed: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0xffff_ffff))),
  stop: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(LIMITS.stopStringChars))),
      v.maxLength(LIMITS.stopStrings),
    ),
  ),
});
export type GenerationOptions = v.InferOutput<typeof GenerationOptions>;

/** A text to continue, or a conversation that the model's chat template turns into one. */
export const TextInput = v.union([
  v.pipe(Text, v.minLength(1)),
  v.pipe(v.array(ChatMessage), v.minLength(1), v.maxLength(LIMITS.chatMessages)),
]);
export type TextInput = v.InferOutput<typeof TextInput>;

/** One inference of a task by name. */
export const InferParams = v.strictObject({
  model: ModelName,
  task: v.literal('text-generation'),
  input: TextInput,
  options: v.optional(GenerationOptions),
  hardware: v.optional(Hardware),
});
export type InferParams = v.InferOutput<typeof InferParams>;

/** Where a result was computed and what it cost. */
export const Execution = v.strictObject({
  backend: Backend,
  /** Vendor and architecture of the GPU adapter, e.g. `google swiftshader`; absent without a GPU. */
  adapter: v.optional(v.pipe(v.string(), v.maxLength(128))),
  /** How the model's weights are stored that were loaded; absent for a model without any. */
  precision: v.optional(StoredPrecision),
  /** Set where the model is larger than its memory and layers are read from disk for every token. */
  streamed: v.optional(v.literal(true)),
  /** From acceptance by the host to the first token, waiting included. */
  firstTokenMs: DurationMs,
  /** From acceptance by the host to the last token. */
  totalMs: DurationMs,
  inputTokens: Count,
  outputTokens: Count,
});
export type Execution = v.InferOutput<typeof Execution>;

export const FinishReason = v.picklist(['end', 'stop-string', 'length']);

export const GenerationResult = v.strictObject({
  text: v.string(),
  finishReason: FinishReason,
  execution: Execution,
});
export type GenerationResult = v.InferOutput<typeof GenerationResult>;

/** A piece of text; pieces concatenate to the result's text. Never ends inside a character. */
export const TextChunk = v.strictObject({ text: v.string(), tokens: Count });
export type TextChunk = v.InferOutput<typeof TextChunk>;

/** What happens to a model, or to a component of it, while it is loaded; in this order. */
export const LoadPhase = v.picklist(['download', 'read', 'quantize', 'verify', 'compile', 'ready']);
export type LoadPhase = v.InferOutput<typeof LoadPhase>;

/** Name of a graph that a model is made of, e.g. `decoder` or `vision`. */
export const ComponentLabel = v.pipe(v.string(), v.maxLength(LIMITS.componentChars), v.regex(/^[a-z][a-z0-9-]*$/));

/** A graph of a model: a component, or an ONNX file by its path or what of that tells it apart, e.g. `onnx/model_q4`. */
export const GraphName = v.pipe(v.string(), v.maxLength(LIMITS.graphChars), v.check(isInnerPath));

/** Progress of a load: coarse for pages (hundredths), exact bytes are the manager's. */
export const LoadProgress = v.strictObject({
  phase: LoadPhase,
  fraction: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** The component that it is about; absent for the model as a whole. */
  component: v.optional(ComponentLabel),
});
export type LoadProgress = v.InferOutput<typeof LoadProgress>;
