import { WebplatError } from '../../src/protocol/errors.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { TensorMap, WireTensor } from '../../src/protocol/tensor.ts';
import type { RunEvents } from '../engines/engine.ts';
import { CROSS_IO } from '../graphs/cross-attention.ts';
import { DECODER_IO, type DecoderShape } from '../graphs/graph.ts';
import type { Decoder, EncoderStates, NewTokens } from './decoder.ts';
import type { GraphInput } from './graph.ts';
import type { TaskModel } from './task-model.ts';

const invalid = (field: string, rule: string): WebplatError =>
  new WebplatError('invalid-request', `${field} must be ${rule}.`, { field });

/** Runs one graph of a model on raw tensors. */
export async function runTensors(
  model: Pick<TaskModel, 'component'>,
  { graph, inputs }: { readonly graph?: string | undefined; readonly inputs: TensorMap },
  events: RunEvents,
): Promise<TensorMap> {
  const component = model.component(graph);
  if ('decoder' in component) return runDecoder(component.decoder, inputs, events);
  if (component.graph.check) component.graph.check(inputs);
  else assertInputs(component.graph.inputs, inputs);
  return component.graph.run(inputs, events);
}

/** Names, types, ranks and sizes as the graph wants them; dimensions of one name have one size. */
function assertInputs(wanted: readonly GraphInput[], given: TensorMap): void {
  const unknown = Object.keys(given).find((name) => !wanted.some((input) => input.name === name));
  if (unknown !== undefined) throw invalid(unknown, 'left out: the model has no such input');
  const sizes = new Map<string, number>();
  for (const { name, element, dims = [] } of wanted) {
    const tensor = given[name];
    const shape = `${element} [${dims.join(', ')}]`;
    if (tensor?.dtype !== element || tensor.dims.length !== dims.length) throw invalid(name, `a tensor ${shape}`);
    for (const [at, dim] of dims.entries()) {
      const size = tensor.dims[at] ?? 0;
      const expected = typeof dim === 'number' ? dim : (sizes.get(dim) ?? size);
      if (size !== expected || size === 0) throw invalid(name, `a tensor ${shape}, and ${dim} the same everywhere`);
      if (typeof dim === 'string') sizes.set(dim, size);
    }
  }
}

/**
 * Runs a decoder once: `input_ids` int64 [1, tokens], or `inputs_embeds` float32 [1, tokens, hidden] where it takes vectors, and
 * `logit_positions` int64 [rows] (the last one if left out), to `logits` float32 [rows, vocabulary]. One with an encoder also
 * takes what that made: `encoder_hidden_states` float32 [1, states, hidden] and, where it has one, `encoder_attention_mask`
 * int64 [1, states] (all of them if left out).
 */
export async function runDecoder(decoder: Decoder, inputs: TensorMap, events: RunEvents): Promise<TensorMap> {
  const { logitPositions, logits } = DECODER_IO;
  assertDecoderInputs(decoder.shape, inputs);
  const { vocabularySize, contextTokens } = decoder.shape;
  const { tokens, count } = readTokens(decoder.shape, inputs);
  if (count > contextTokens) {
    throw new WebplatError('context-overflow', undefined, { requested: count, quota: contextTokens });
  }
  const positions = inputs[logitPositions] ? readIds(logitPositions, inputs[logitPositions], count) : [count - 1];
  if (positions.length * vocabularySize * 4 > LIMITS.tensorBytes) throw invalid(logitPositions, 'fewer positions');
  const sequence = await decoder.open(readStates(decoder.shape, inputs));
  try {
    events.signal.throwIfAborted();
    const step = await sequence.advance(tokens, positions);
    events.onCompute(step.computeMs);
    const data = new Float32Array(step.logits).buffer;
    return { [logits]: { dtype: 'float32', dims: [positions.length, vocabularySize], data } };
  } finally {
    sequence.close();
  }
}

const tokensOf = ({ embeddings }: DecoderShape) => (embeddings ? DECODER_IO.inputsEmbeds : DECODER_IO.inputIds);

function assertDecoderInputs(shape: DecoderShape, inputs: TensorMap): void {
  const { encoder } = shape;
  const known: string[] = [tokensOf(shape), DECODER_IO.logitPositions];
  if (encoder) known.push(CROSS_IO.encoderStates);
  if (encoder?.masked) known.push(CROSS_IO.encoderMask);
  const unknown = Object.keys(inputs).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `left out: the decoder takes ${known.join(', ')}`);
}

/** New tokens as the decoder takes them, and how many they are. */
function readTokens(shape: DecoderShape, inputs: TensorMap): { readonly tokens: NewTokens; readonly count: number } {
  const name = tokensOf(shape);
  if (shape.embeddings) {
    const tokens = readRows(name, inputs[name], shape.hidden);
    return { tokens, count: tokens.length / shape.hidden };
  }
  const tokens = readIds(name, inputs[name], shape.vocabularySize);
  return { tokens, count: tokens.length };
}

function readStates({ encoder }: DecoderShape, inputs: TensorMap): EncoderStates | undefined {
  if (!encoder) return undefined;
  const { encoderStates, encoderMask } = CROSS_IO;
  const values = readRows(encoderStates, inputs[encoderStates], encoder.hidden);
  const given = inputs[encoderMask];
  if (!given) return { values };
  const mask = readIds(encoderMask, given, 2);
  if (mask.length * encoder.hidden !== values.length) throw invalid(encoderMask, 'as long as the states are many');
  return { values, mask };
}

/** Values of a float32 tensor [rows, width] or [1, rows, width]. */
function readRows(field: string, tensor: WireTensor | undefined, width: number): Float32Array {
  const [rows = 0, last] = tensor?.dims.slice(-2) ?? [];
  const whole = tensor?.dims.length === 2 || (tensor?.dims.length === 3 && tensor.dims[0] === 1);
  if (tensor?.dtype !== 'float32' || !whole || rows === 0 || last !== width) {
    throw invalid(field, `a float32 tensor [1, rows, ${width}]`);
  }
  return new Float32Array(tensor.data);
}

/** Integers below `bound` of an int64 tensor [n] or [1, n]. */
function readIds(field: string, tensor: WireTensor | undefined, bound: number): number[] {
  if (tensor?.dtype !== 'int64' || tensor.data.byteLength === 0) throw invalid(field, 'an int64 tensor with values');
  const ids = Array.from(new BigInt64Array(tensor.data), Number);
  if (tensor.dims.length > 2 || tensor.dims.at(-1) !== ids.length) throw invalid(field, 'of shape [n] or [1, n]');
  if (ids.some((id) => id < 0 || id >= bound)) throw invalid(field, `between 0 and ${bound - 1}`);
  return ids;
}
