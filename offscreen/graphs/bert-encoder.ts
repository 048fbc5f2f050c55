import { activation } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { cast, gather, sizeOf } from './build/ops.ts';
import type { Value } from './build/value.ts';
import { type EncoderShape, type LayerNames, oneLinear } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { keyBias } from './masks.ts';
import { addPostNormLayer } from './post-norm-layer.ts';

/** Names of BERT's layers and those of RoBERTa. */
const BERT_LAYER: LayerNames = {
  attentionNorm: 'attention.output.LayerNorm',
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  output: 'attention.output.dense',
  feedForwardNorm: 'output.LayerNorm',
  up: 'intermediate.dense',
  down: 'output.dense',
};

export interface BertLayers {
  readonly shape: EncoderShape;
  /** What comes before `encoder.layer`, e.g. `bert.`. */
  readonly prefix: string;
  /** int64 [batch, tokens]: 1 where there is a token. */
  readonly mask: Value;
  readonly storage: Storage;
}

/**
 * The layers of BERT (Devlin et al. 2019, arXiv:1810.04805) on embedded tokens [batch, tokens, hidden] -> the last hidden
 * state, of the same shape.
 */
export function bertLayers(g: GraphBuilder, embedded: Value, { shape, prefix, mask, storage }: BertLayers): Value {
  const bias = keyBias(g, cast(g, mask, 'bool'), sizeOf(g, mask, 1), 'tokens');
  let hidden = embedded;
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const before = hidden;
    const name = `${prefix}encoder.layer.${layer}`;
    const options = { shape, name, names: BERT_LAYER, storage: storage.linear, mask: bias };
    hidden = g.part(`layer.${layer}`, () => addPostNormLayer(g, before, options));
  }
  return hidden;
}

/** The first token of each text through a layer of its own: [batch, tokens, hidden] -> [batch, hidden]. */
export function bertPooler(g: GraphBuilder, hidden: Value, { shape, prefix, storage }: BertLayers): Value {
  const first = gather(g, hidden, g.integers([0], []), 1);
  const dense = oneLinear(g, first, `${prefix}pooler.dense`, [shape.hidden, shape.hidden], storage.linear);
  return activation(g, 'tanh', dense);
}
