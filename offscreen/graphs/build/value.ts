/** Element types of values in a graph; weights may be packed bytes as well. */
export const ELEMENTS = ['float32', 'float16', 'int64', 'int32', 'uint8', 'bool'] as const;
export type Element = (typeof ELEMENTS)[number];

/** What activations are computed in. */
export type Float = Extract<Element, 'float32' | 'float16'>;

export const ELEMENT_SIZES: Record<Element, number> = {
  float32: 4,
  float16: 2,
  int64: 8,
  int32: 4,
  uint8: 1,
  bool: 1,
};

/** A dimension: a size, or the name of one that is known only when the graph runs. */
export type Dimension = number | string;

/** A value of a graph under construction: what a node gave, an input, or a weight. */
export interface Value {
  readonly name: string;
  readonly element: Element;
  readonly dims: readonly Dimension[];
}

/** An operand that is left out. */
export const NONE = undefined;

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string };

/** A graph that would not be valid: a fault of the emitter, or of a config that it did not check. */
export class GraphError extends Error {}

export const showDims = (dims: readonly Dimension[]): string => `[${dims.join(', ')}]`;
