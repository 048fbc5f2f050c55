import * as v from 'valibot';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import { parseFields } from '../graphs/config-fields.ts';
import { encodeBatch, type TokenBatch } from '../processing/text/token-batch.ts';
import type { TextOrPair } from '../processing/text/tokenizer.ts';
import type { Graph } from './graph.ts';
import type { TaskModel } from './task-model.ts';

const Positions = v.object({ max_position_embeddings: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(1))) });
const TextPositions = v.object({ ...Positions.entries, text_config: v.nullish(Positions) });

/** Some models number their positions from the id of padding on, so that they have two less than they say. */
const UNUSED_POSITIONS = 2;

/** Texts as tokens, cut to what the model takes; the inputs that `graph` has no use for are left out. */
export function tokenInputs(
  model: Pick<TaskModel, 'words' | 'config'>,
  graph: Pick<Graph, 'inputs'>,
  texts: readonly TextOrPair[],
): { readonly tokens: TokenBatch; readonly inputs: TensorMap } {
  const tokenizer = model.words();
  const { max_position_embeddings, text_config } = parseFields(TextPositions, model.config);
  const positions = max_position_embeddings ?? text_config?.max_position_embeddings ?? undefined;
  const maxTokens = tokenizer.config.maxTokens ?? (positions && positions - UNUSED_POSITIONS);
  const tokens = encodeBatch(tokenizer, texts, { ...(maxTokens !== undefined && { maxTokens }) });
  const all = {
    input_ids: tokens.inputIds,
    attention_mask: tokens.attentionMask,
    token_type_ids: tokens.tokenTypeIds,
  };
  const wanted = Object.entries(all).filter(([name]) => graph.inputs.some((input) => input.name === name));
  const inputs = wanted.map(([name, values]) => [
    name,
    { dtype: 'int64' as const, dims: [...tokens.dims], data: values.slice().buffer },
  ]);
  return { tokens, inputs: Object.fromEntries(inputs) };
}
