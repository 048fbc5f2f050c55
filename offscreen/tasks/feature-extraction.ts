import { WebplatError } from '../../src/protocol/errors.ts';
import type { FloatTensor } from '../../src/protocol/tasks/results.ts';
import { normalize, poolStates } from '../processing/results/embeddings.ts';
import type { TokenBatch } from '../processing/text/token-batch.ts';
import { createRuns, type FloatOutput } from './runs.ts';
import type { TaskRunner } from './task-runner.ts';
import { tokenInputs } from './token-inputs.ts';

/** Texts that are computed at once; more take memory and gain no time. */
const BATCH = 16;

/** Vectors of texts: those that the model was trained to give, or its last states, pooled as asked. */
export const extractFeatures: TaskRunner<'feature-extraction'> = async (model, { input, options }, events) => {
  const graph = model.graph('text');
  const runs = createRuns(events);
  const texts = typeof input === 'string' ? [input] : input;
  const pooled = options.pooling === 'mean' || options.pooling === 'cls';
  const size = pooled ? BATCH : 1;
  const parts: FloatOutput[] = [];
  for (let at = 0; at < texts.length; at += size) {
    const { tokens, inputs } = tokenInputs(model, graph, texts.slice(at, at + size));
    const outputs = await runs.run(graph, inputs);
    const own = outputs.first('text_embeds');
    const states = own ?? outputs.get('last_hidden_state');
    if (!own && !pooled && texts.length > 1) {
      const rule = 'Without pooling, texts are as long as they are: send one at a time, or ask for mean or cls.';
      throw new WebplatError('invalid-request', rule, { field: 'options.pooling' });
    }
    parts.push(own || !pooled ? states : pool(states, tokens, options.pooling === 'cls' ? 'cls' : 'mean'));
  }
  return asTensor(options.normalize ? parts.map(withUnitLength) : parts);
};

/** [texts, tokens, width] to [texts, width]. */
function pool({ dims, data }: FloatOutput, { attentionMask }: TokenBatch, pooling: 'mean' | 'cls'): FloatOutput {
  const [texts = 0, tokens = 0, width = 0] = dims;
  const pooled = new Float32Array(texts * width);
  for (let text = 0; text < texts; text += 1) {
    const rows = { width, data: data.subarray(text * tokens * width, (text + 1) * tokens * width) };
    const mask = attentionMask.subarray(text * tokens, (text + 1) * tokens);
    pooled.set(poolStates(rows, pooling, mask), text * width);
  }
  return { dims: [texts, width], data: pooled };
}

/** Every vector along the last axis, of length 1. */
function withUnitLength({ dims, data }: FloatOutput): FloatOutput {
  const width = dims.at(-1) ?? 1;
  const scaled = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += width) scaled.set(normalize(data.subarray(at, at + width)), at);
  return { dims, data: scaled };
}

/** Parts one after the other along the first axis. */
function asTensor(parts: readonly FloatOutput[]): FloatTensor {
  const [first] = parts;
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  const rows = parts.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
  return { dtype: 'float32', dims: [rows, ...(first?.dims.slice(1) ?? [])], data: data.buffer };
}
