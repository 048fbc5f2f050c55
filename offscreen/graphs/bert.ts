import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { type BertConfig, parseBertConfig } from './bert-config.ts';
import { type BertLayers, bertLayers, bertPooler } from './bert-encoder.ts';
import { type Embedded, embedding } from './build/embedding.ts';
import { activation, addLayerNorm } from './build/fused.ts';
import { createGraphBuilder, type EmittedGraph, type GraphBuilder } from './build/graph-builder.ts';
import {
  add,
  cast,
  concat,
  div,
  gather,
  matMul,
  reduce,
  single,
  sizeOf,
  split,
  squeeze,
  unsqueeze,
} from './build/ops.ts';
import { GraphError, type Value } from './build/value.ts';
import { oneLinear } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { outputFloats } from './joint-space.ts';
import { rangeOf } from './masks.ts';
import { normOfSum } from './post-norm-layer.ts';
import { vocabularyLogits } from './tied-head.ts';

export interface BertOptions {
  /** Whether to compute what `architectures` says beyond the encoder. */
  readonly head?: boolean;
}

/**
 * BERT (Devlin et al. 2019, arXiv:1810.04805). Inputs `input_ids`, `attention_mask`, `token_type_ids`, int64 [batch, tokens].
 * Outputs, all float32: `last_hidden_state` [batch, tokens, hidden]; `mean_pooled` [batch, hidden], the mean over the tokens that
 * the mask keeps (Reimers and Gurevych 2019, arXiv:1908.10084); `pooler_output` [batch, hidden] where the checkpoint has a
 * pooler; and what the head gives: `logits` [batch, labels], [batch, tokens, labels] or [batch, tokens, vocabulary], or
 * `start_logits` and `end_logits` [batch, tokens].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitBert(
  config: unknown,
  params: ParamTable,
  storage: Storage,
  { head = true }: BertOptions = {},
): EmittedGraph {
  const parsed = parseBertConfig(config);
  const g = createGraphBuilder({ name: 'bert', params, storage });
  const input = (name: string) => g.input(name, 'int64', ['batch', 'tokens']);
  const [ids, mask, types] = [input('input_ids'), input('attention_mask'), input('token_type_ids')];
  const prefix = g.has('bert.embeddings.word_embeddings.weight') ? 'bert.' : '';
  const layers = { shape: parsed.shape, prefix, mask, storage };
  const words = g.part('embedding', () => embedWords(g, parsed, prefix, ids, storage));
  const embedded = g.part('embedding', () => addPlaces(g, parsed, prefix, words.rows, types));
  const hidden = bertLayers(g, embedded, layers);
  outputFloats(g, hidden, 'last_hidden_state');
  g.output(meanOf(g, hidden, mask), 'mean_pooled');
  g.part('head', () => addHead(g, head ? parsed : { ...parsed, head: 'none' }, layers, hidden, words.table));
  return g.finish();
}

function embedWords(g: GraphBuilder, config: BertConfig, prefix: string, ids: Value, storage: Storage): Embedded {
  const dims = [config.vocabulary, config.shape.hidden] as const;
  return embedding(g, `${prefix}embeddings.word_embeddings.weight`, dims, ids, storage.ends);
}

/** Words, their places and the sentence that each is in, added up and normalized. */
function addPlaces(g: GraphBuilder, { shape, positions, types }: BertConfig, prefix: string, words: Value, ids: Value) {
  const name = `${prefix}embeddings`;
  g.atMost('tokens', positions);
  const places = g.param(`${name}.position_embeddings.weight`, [positions, shape.hidden]);
  const kinds = g.param(`${name}.token_type_embeddings.weight`, [types, shape.hidden]);
  const placed = add(g, words, gather(g, places, rangeOf(g, ids, 1)));
  return normOfSum(g, { residual: placed, delta: gather(g, kinds, ids) }, `${name}.LayerNorm`, shape.normEpsilon);
}

/** The mean of the tokens whose mask is 1, in float32: [batch, tokens, hidden] -> [batch, hidden]. */
function meanOf(g: GraphBuilder, hidden: Value, mask: Value): Value {
  const kept = cast(g, mask, 'float32');
  const sum = matMul(g, unsqueeze(g, kept, [1]), cast(g, hidden, 'float32'));
  return div(g, squeeze(g, sum, [1]), reduce(g, 'ReduceSum', kept, 1));
}

function addHead(
  g: GraphBuilder,
  config: BertConfig,
  layers: BertLayers,
  hidden: Value,
  table: Value | undefined,
): void {
  const { head, labels, shape } = config;
  const { storage, prefix } = layers;
  const pooled = g.has(`${prefix}pooler.dense.weight`) || head === 'text' ? bertPooler(g, hidden, layers) : undefined;
  if (pooled) outputFloats(g, pooled, 'pooler_output');
  const classes = (input: Value, name: string, count: number) =>
    oneLinear(g, input, name, [shape.hidden, count], storage.ends);
  if (head === 'text' && pooled) outputFloats(g, classes(pooled, 'classifier', labels), 'logits');
  if (head === 'token') outputFloats(g, classes(hidden, 'classifier', labels), 'logits');
  if (head === 'word') outputFloats(g, wordLogits(g, config, layers, hidden, table), 'logits');
  if (head === 'answer') {
    const ends = split(g, classes(hidden, 'qa_outputs', 2), -1, [1, 1]);
    for (const [i, name] of ['start_logits', 'end_logits'].entries()) {
      const end = ends[i];
      if (!end) throw new GraphError('An answer has two ends.');
      outputFloats(g, squeeze(g, end, [-1]), name);
    }
  }
}

/** Words for every token, most of all for those that are masked. */
function wordLogits(
  g: GraphBuilder,
  { shape, vocabulary }: BertConfig,
  { storage, prefix }: BertLayers,
  hidden: Value,
  table: Value | undefined,
): Value {
  const name = 'cls.predictions';
  const dense = oneLinear(g, hidden, `${name}.transform.dense`, [shape.hidden, shape.hidden], storage.linear);
  const active = activation(g, shape.activation, dense);
  const { normed } = addLayerNorm(g, { residual: active }, `${name}.transform.LayerNorm`, shape.normEpsilon);
  const untied = g.has(`${name}.decoder.weight`);
  const logits = vocabularyLogits(
    g,
    normed,
    {
      name: untied ? `${name}.decoder.weight` : `${prefix}embeddings.word_embeddings.weight`,
      vocabulary,
      table: untied ? undefined : table,
      bias: g.param(`${name}.bias`, [vocabulary]),
    },
    storage.ends,
  );
  const dims = concat(g, [sizeOf(g, hidden, 0), sizeOf(g, hidden, 1), g.integers([vocabulary])], 0);
  return single(g, 'Reshape', [logits, dims], { element: logits.element, dims: ['batch', 'tokens', vocabulary] });
}
