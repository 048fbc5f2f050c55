import type { GraphBuilder } from './graph-builder.ts';
import { add, matMul, mul } from './ops.ts';
import type { Value } from './value.ts';

/**
 * How adapters change a linear layer, by the name of its parameters: `added` to its product is that of a matrix of low rank
 * (Hu et al. 2021, arXiv:2106.09685); `replaced` is the layer as a whole.
 */
export type AdaptedLayers = ReadonlyMap<string, 'added' | 'replaced'>;

/** A product of linear layers, one beside the other, that adapters change. */
export interface AdaptedProduct {
  /** Names the inputs of {@link ADAPTED_IO}. */
  readonly name: string;
  readonly inputs: number;
  readonly layers: readonly { readonly name: string; readonly outputs: number }[];
  /** Whether the product itself can be left out, and a bias be added. */
  readonly replaced: boolean;
}

/**
 * Inputs of a graph for what adapters change, in the graph's float type: `down` [inputs, rank] and `up` [rank, outputs], whose
 * product is added; of layers that can be replaced also `keep` [1], 1 or 0, which the layer's own output is multiplied with, and
 * `bias` [outputs].
 */
export const ADAPTED_IO = {
  down: (product: string) => `${product}.adapter_down`,
  up: (product: string) => `${product}.adapter_up`,
  keep: (product: string) => `${product}.adapter_keep`,
  bias: (product: string) => `${product}.adapter_bias`,
} as const;

/** What linear layers [..., inputs] -> [..., outputs] put out, with what adapters make of it where any of them does. */
export function adapted(
  g: GraphBuilder,
  input: Value,
  output: Value,
  { inputs, layers }: Pick<AdaptedProduct, 'inputs' | 'layers'>,
): Value {
  const kinds = layers.map(({ name }) => g.adapted.get(name));
  if (kinds.every((kind) => kind === undefined)) return output;
  const name = layers.map((layer) => layer.name).join('+');
  const replaced = kinds.includes('replaced');
  const outputs = layers.reduce((sum, layer) => sum + layer.outputs, 0);
  g.noteAdapted({ name, inputs, layers, replaced });
  const rank = `${name}.rank`;
  const down = g.fed(ADAPTED_IO.down(name), [inputs, rank]);
  const up = g.fed(ADAPTED_IO.up(name), [rank, outputs]);
  const change = matMul(g, matMul(g, input, down), up);
  if (!replaced) return add(g, output, change);
  const kept = mul(g, output, g.fed(ADAPTED_IO.keep(name), [1]));
  return add(g, add(g, kept, change), g.fed(ADAPTED_IO.bias(name), [outputs]));
}
