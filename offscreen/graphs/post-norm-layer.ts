import { activation, layerNormParams, type Stream } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { dimOf, single } from './build/ops.ts';
import { GraphError, type Value } from './build/value.ts';
import { type EncoderOptions, oneLinear, selfAttention } from './encoder-layer.ts';

/**
 * One layer of the first Transformer, which normalizes after it has computed (Vaswani et al. 2017, arXiv:1706.03762):
 * [batch, tokens, hidden] -> [batch, tokens, hidden]. `attentionNorm` and `feedForwardNorm` name the norms after these parts.
 */
export function addPostNormLayer(g: GraphBuilder, input: Value, options: EncoderOptions): Value {
  const { shape, name, names, storage } = options;
  const { hidden, intermediate } = shape;
  const norm = (part: string, stream: Required<Stream>) => normOfSum(g, stream, `${name}.${part}`, shape.normEpsilon);
  const attended = selfAttention(g, input, options);
  const between = norm(names.attentionNorm, { residual: input, delta: attended });
  const up = oneLinear(g, between, `${name}.${names.up}`, [hidden, intermediate], storage);
  const active = activation(g, shape.activation, up);
  const down = oneLinear(g, active, `${name}.${names.down}`, [intermediate, hidden], storage);
  return norm(names.feedForwardNorm, { residual: between, delta: down });
}

/** The norm of a sum that nobody needs afterwards. */
export function normOfSum(
  g: GraphBuilder,
  { residual, delta }: Required<Stream>,
  name: string,
  epsilon: number,
): Value {
  const size = dimOf(residual, -1);
  if (typeof size === 'string') throw new GraphError(`${name} normalizes an axis of unknown length.`);
  return single(g, 'SkipLayerNormalization', [residual, delta, ...layerNormParams(g, name, size)], shapeOf(residual), {
    domain: 'com.microsoft',
    attributes: { epsilon: { float: epsilon } },
  });
}

const shapeOf = ({ element, dims }: Value) => ({ element, dims });
