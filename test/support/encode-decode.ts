import { type DecodeOptions, decode, encode, sumCompute } from '../../offscreen/tasks/encode-decode.ts';
import type { GraphEvents } from '../../offscreen/tasks/graph.ts';
import type { TaskModel } from '../../offscreen/tasks/task-model.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';

export interface EncodeDecodeRequest extends DecodeOptions {
  /** Inputs of the graph `encoder`, batch 1. */
  readonly inputs: TensorMap;
  /** Ids that the decoder starts with. */
  readonly prompt: readonly number[];
}

/** Encodes a text or a recording and decodes what `choose` makes of it; components `encoder`, `cross` and `decoder`. */
export async function encodeDecode(
  model: Pick<TaskModel, 'graph' | 'decoder'>,
  { inputs, prompt, ...options }: EncodeDecodeRequest,
  events: GraphEvents,
): Promise<readonly number[]> {
  const compute = sumCompute(events);
  const states = await encode(model.graph('encoder'), inputs, compute.part());
  const decoder = model.decoder('decoder');
  const sequence = await decoder.open(states);
  try {
    return await decode(decoder, sequence, prompt, options, compute.part());
  } finally {
    sequence.close();
  }
}
