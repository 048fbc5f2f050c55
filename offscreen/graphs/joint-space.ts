import type { GraphBuilder } from './build/graph-builder.ts';
import { cast, div, reduce } from './build/ops.ts';
import { derived } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';

/** Parts of models that put texts, images and videos into one space (Radford et al. 2021, arXiv:2103.00020). */

/** Makes `value` a float32 output. */
export function outputFloats(g: GraphBuilder, value: Value, name: string): void {
  g.output(cast(g, value, 'float32'), name);
}

/** `value` divided by its length along the last axis, in float32, because squares leave the range of binary16. */
export function unitLength(g: GraphBuilder, value: Value): Value {
  const wide = cast(g, value, 'float32');
  return div(g, wide, reduce(g, 'ReduceL2', wide, -1));
}

/** The learned temperature, float32 []: stored as its logarithm under `name`. */
export function logitScale(g: GraphBuilder, name = 'logit_scale'): Value {
  const recipe = derived([g.require(name, [])], [], 'float32', (log) => log.map(Math.exp));
  const [scale] = g.weights(recipe, [`${name}.exp`]);
  if (!scale) throw new GraphError('A recipe without a weight.');
  return scale;
}
