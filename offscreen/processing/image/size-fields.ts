import * as v from 'valibot';
import { corrupt, unsupported } from '../../graphs/config-fields.ts';
import type { Extent } from './picture.ts';
import type { SizeRule } from './target-size.ts';

/** Length of an edge in `preprocessor_config.json`. No model takes as many pixels as the bound allows. */
export const Edge = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(4096));

/** A size: one number, as in files of old, or edges by name. */
export const SizeField = v.union([
  Edge,
  v.object({
    height: v.nullish(Edge),
    width: v.nullish(Edge),
    shortest_edge: v.nullish(Edge),
    longest_edge: v.nullish(Edge),
  }),
]);
export type SizeField = v.InferOutput<typeof SizeField>;

/** How a file says in which way `field` contradicts itself. */
const contradiction = (field: string, what: string) =>
  corrupt(`preprocessor_config.json contradicts itself: ${field} has ${what}.`);

/**
 * The rule that `size` states.
 *
 * @param one what a single number means: both edges, or the shorter one, which then keeps below `longest`
 * @throws WebplatError `model-corrupt` when edges contradict each other, `model-unsupported` when they are no known rule
 */
export function sizeRuleOf(size: SizeField, one: 'square' | 'shortest', longest?: number): SizeRule {
  if (typeof size === 'number') {
    return one === 'square' ? { kind: 'exact', extent: [size, size] } : shortestRule(size, longest);
  }
  const { height, width, shortest_edge: shortest, longest_edge: bound } = size;
  if ((height || width) && (shortest || bound)) throw contradiction('size', 'a height or width, and an edge');
  if (shortest) return shortestRule(shortest, bound ?? undefined);
  if (bound) throw unsupported('A size that states the longest edge alone.');
  return { kind: 'exact', extent: extentOfField(size, 'size') };
}

function shortestRule(edge: number, longest: number | undefined): SizeRule {
  if (longest !== undefined && longest < edge) throw contradiction('size', 'a longest edge below the shortest');
  return { kind: 'shortest', edge, longest };
}

/** Height and width of a field that has to state both, or one number for both. @throws WebplatError `model-corrupt` */
export function extentOfField(size: SizeField, field: string): Extent {
  if (typeof size === 'number') return [size, size];
  const { height, width } = size;
  if (height && width) return [height, width];
  throw contradiction(field, 'no height and width');
}
