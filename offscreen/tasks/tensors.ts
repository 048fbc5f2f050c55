import { WebplatError } from '../../src/protocol/errors.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { TensorMap, WireTensor } from '../../src/protocol/tensor.ts';
import type { RunEvents } from '../engines/engine.ts';
import type { Value } from '../graphs/build/value.ts';
import { DECODER_IO } from '../graphs/graph.ts';
import type { Decoder } from './decoder.ts';
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
  assertInputs(component.graph.inputs, inputs);
  return component.graph.run(inputs, events);
}

/** Names, types, ranks and sizes as the graph wants them; dimensions of one name have one size. */
function assertInputs(wanted: readonly Value[], given: TensorMap): void {
  const unknown = Object.keys(given).find((name) => !wanted.some((input) => input.name === name));
  if (unknown !== undefined) throw invalid(unknown, 'left out: the model has no such input');
  const sizes = new Map<string, number>();
  for (const { name, element, dims } of wanted) {
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
 * Runs a decoder once on raw token ids: `input_ids` int64 [1, tokens], and `logit_positions` int64 [rows] (the last one
 * if left out), to `logits` float32 [rows, vocabulary].
 */
export async function runDecoder(decoder: Decoder, inputs: TensorMap, events: RunEvents): Promise<TensorMap> {
  const { inputIds, logitPositions, logits } = DECODER_IO;
  const unknown = Object.keys(inputs).find((name) => name !== inputIds && name !== logitPositions);
  if (unknown !== undefined) throw invalid(unknown, 'left out: the model has no such input');
  const { vocabularySize, contextTokens } = decoder.shape;
  const ids = readIds(inputIds, inputs[inputIds], vocabularySize);
  if (ids.length > contextTokens) {
    throw new WebplatError('context-overflow', undefined, { requested: ids.length, quota: contextTokens });
  }
  const positions = inputs[logitPositions]
    ? readIds(logitPositions, inputs[logitPositions], ids.length)
    : [ids.length - 1];
  if (positions.length * vocabularySize * 4 > LIMITS.tensorBytes) throw invalid(logitPositions, 'fewer positions');
  const sequence = await decoder.open();
  try {
    events.signal.throwIfAborted();
    const step = await sequence.advance(ids, positions);
    events.onCompute(step.computeMs);
    const data = new Float32Array(step.logits).buffer;
    return { [logits]: { dtype: 'float32', dims: [positions.length, vocabularySize], data } };
  } finally {
    sequence.close();
  }
}

/** Integers below `bound` of an int64 tensor [n] or [1, n]. */
function readIds(field: string, tensor: WireTensor | undefined, bound: number): number[] {
  if (tensor?.dtype !== 'int64' || tensor.data.byteLength === 0) throw invalid(field, 'an int64 tensor with values');
  const ids = Array.from(new BigInt64Array(tensor.data), Number);
  if (tensor.dims.length > 2 || tensor.dims.at(-1) !== ids.length) throw invalid(field, 'of shape [n] or [1, n]');
  if (ids.some((id) => id < 0 || id >= bound)) throw invalid(field, `between 0 and ${bound - 1}`);
  return ids;
}
