import type { GraphBuilder } from './graph-builder.ts';
import { dimOf, mul, scale, single, unary } from './ops.ts';
import { standardAttention } from './standard.ts';
import { type Dimension, GraphError, type Value } from './value.ts';

/**
 * The operators of onnxruntime's own domain that emitters use
 * (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md): one kernel each for what would be many nodes.
 */
const MICROSOFT = { domain: 'com.microsoft' } as const;

/** What a sigmoid is stretched by to look like a normal distribution's (Hendrycks and Gimpel 2016, section 2). */
const QUICK = 1.702;

/** Activations by the names that Hugging Face configs use; the same result in as few kernels as there are. */
const ACTIVATIONS: Readonly<Record<string, (g: GraphBuilder, a: Value) => Value>> = {
  relu: (g, a) => unary(g, 'Relu', a),
  // x/2 (1 + erf(x / sqrt 2)): Hendrycks and Gimpel 2016, arXiv:1606.08415.
  gelu: (g, a) => single(g, 'Gelu', [a], same(a), MICROSOFT),
  gelu_new: (g, a) => single(g, 'FastGelu', [a], same(a), MICROSOFT),
  gelu_pytorch_tanh: (g, a) => single(g, 'FastGelu', [a], same(a), MICROSOFT),
  quick_gelu: (g, a) =>
    g.standard
      ? mul(g, a, unary(g, 'Sigmoid', scale(g, a, QUICK)))
      : single(g, 'QuickGelu', [a], same(a), { ...MICROSOFT, attributes: { alpha: { float: QUICK } } }),
  silu: (g, a) => mul(g, a, unary(g, 'Sigmoid', a)),
  swish: (g, a) => mul(g, a, unary(g, 'Sigmoid', a)),
  tanh: (g, a) => unary(g, 'Tanh', a),
};

const same = ({ element, dims }: Value) => ({ element, dims });

/** Names of activations that graphs can compute. */
export const isActivation = (name: string): boolean => Object.hasOwn(ACTIVATIONS, name);

export function activation(g: GraphBuilder, name: string, a: Value): Value {
  const apply = isActivation(name) ? ACTIVATIONS[name] : undefined;
  if (!apply) throw new GraphError(`No activation is called ${name}.`);
  return apply(g, a);
}

/** A residual stream and what the last layer wants to add to it; added where the next norm is computed, in one kernel. */
export interface Stream {
  readonly residual: Value;
  readonly delta?: Value;
}

export interface Normed {
  /** The stream with its delta added. */
  readonly sum: Value;
  readonly normed: Value;
}

/** Adds up a stream and divides it by its root mean square (Zhang and Sennrich 2019, arXiv:1910.07467). */
export function addRmsNorm(g: GraphBuilder, { residual, delta }: Stream, name: string, epsilon: number): Normed {
  const weight = g.param(`${name}.weight`, [sizeOf(residual)]);
  const attributes = { epsilon: { float: epsilon } };
  if (!delta) {
    const normed = single(g, 'SimplifiedLayerNormalization', [residual, weight], same(residual), {
      attributes: { ...attributes, axis: { int: -1 } },
    });
    return { sum: residual, normed };
  }
  const results = [same(residual), undefined, undefined, same(residual)];
  const [normed, sum] = g.node('SkipSimplifiedLayerNormalization', [residual, delta, weight], results, {
    ...MICROSOFT,
    attributes,
  });
  if (!normed || !sum) throw new GraphError('A norm without results.');
  return { sum, normed };
}

/** Adds up a stream and normalizes it with gain and shift (Ba et al. 2016, arXiv:1607.06450). */
export function addLayerNorm(g: GraphBuilder, { residual, delta }: Stream, name: string, epsilon: number): Normed {
  const [gain, shift] = layerNormParams(g, name, sizeOf(residual));
  const attributes = { epsilon: { float: epsilon } };
  if (!delta) {
    const normed = single(g, 'LayerNormalization', [residual, gain, shift], same(residual), {
      attributes: { ...attributes, axis: { int: -1 } },
    });
    return { sum: residual, normed };
  }
  const results = [same(residual), undefined, undefined, same(residual)];
  const [normed, sum] = g.node('SkipLayerNormalization', [residual, delta, gain, shift], results, {
    ...MICROSOFT,
    attributes,
  });
  if (!normed || !sum) throw new GraphError('A norm without results.');
  return { sum, normed };
}

/** Gain and shift of a norm, [size] each; the oldest checkpoints call them gamma and beta. */
export function layerNormParams(g: GraphBuilder, name: string, size: number): readonly [Value, Value] {
  const old = !g.has(`${name}.weight`) && g.has(`${name}.gamma`);
  const [gain, shift] = old ? ['gamma', 'beta'] : ['weight', 'bias'];
  return [g.param(`${name}.${gain}`, [size]), g.param(`${name}.${shift}`, [size])];
}

function sizeOf(value: Value): number {
  const size = dimOf(value, -1);
  if (typeof size === 'string') throw new GraphError('A norm goes over an axis of unknown length.');
  return size;
}

export interface AttentionOptions {
  readonly heads: number;
  /** Factor of the products of queries and keys; 1 / sqrt(head size) if left out. */
  readonly scale?: number;
  /** Added to the products before the softmax: [batch or 1, heads or 1, queries, keys]. */
  readonly bias?: Value | undefined;
  /** Keys and values of earlier tokens, [batch, heads, past, head size]; the new ones are put after them. */
  readonly past?: { readonly key: Value; readonly value: Value } | undefined;
  /** Names of the outputs that hold past and new keys and values together; wanted where there are names. */
  readonly present?: { readonly key: string; readonly value: string } | undefined;
  /** Every query sees only keys at its own place and before. */
  readonly causal?: boolean;
}

export interface Attended {
  /** [batch, queries, heads * head size] */
  readonly output: Value;
  readonly present?: { readonly key: Value; readonly value: Value };
}

/**
 * Multi-head attention (Vaswani et al. 2017, arXiv:1706.03762) of `query` [batch, queries, width] over `key` and `value`
 * [batch, keys, width], or over keys and values split into heads already, [batch, heads, keys, head size].
 */
export function attention(
  g: GraphBuilder,
  query: Value,
  key: Value,
  value: Value,
  options: AttentionOptions,
): Attended {
  const { heads, scale, bias, past, present, causal } = options;
  const width = sizeOf(query);
  if (width % heads !== 0) throw new GraphError(`${width} does not divide into ${heads} heads.`);
  const batch = dimOf(query, 0);
  const cacheDims: Dimension[] = [batch, heads, 'keys_with_past', width / heads];
  const results = [
    same(query),
    ...(present
      ? [
          { element: query.element, dims: cacheDims, name: present.key },
          { element: query.element, dims: cacheDims, name: present.value },
        ]
      : []),
  ];
  const inputs = [query, key, value, undefined, undefined, bias, past?.key, past?.value];
  const attributes = {
    num_heads: { int: heads },
    ...(scale !== undefined && { scale: { float: scale } }),
    ...(causal && { unidirectional: { int: 1 } }),
  };
  const last = inputs.findLastIndex((input) => input !== undefined);
  const [output, presentKey, presentValue] = g.node('MultiHeadAttention', inputs.slice(0, last + 1), results, {
    ...MICROSOFT,
    attributes,
  });
  if (!output) throw new GraphError('Attention without a result.');
  return { output, ...(presentKey && presentValue && { present: { key: presentKey, value: presentValue } }) };
}

/** cos and sin of every position, [positions, head size / 2]. */
export interface RotaryTables {
  readonly cos: Value;
  readonly sin: Value;
}

/** Head sizes that the fused attention operator rotates by itself are multiples of this on the processor. */
const ROTATED_SIZE = 16;

export const rotatesItself = (g: GraphBuilder, headSize: number): boolean =>
  !g.standard && headSize % ROTATED_SIZE === 0;

/** Rotates the heads of `value` [batch, tokens, heads * head size] by their positions from `offset`, int64 [1], on. */
export function rotate(g: GraphBuilder, value: Value, offset: Value, tables: RotaryTables, heads: number): Value {
  return single(g, 'RotaryEmbedding', [value, offset, tables.cos, tables.sin], same(value), {
    ...MICROSOFT,
    attributes: { num_heads: { int: heads }, rotary_embedding_dim: { int: 0 } },
  });
}

export interface GroupedAttentionOptions {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly past: { readonly key: Value; readonly value: Value };
  readonly present: { readonly key: string; readonly value: string };
  /** int32 [batch]: place of each sequence's last token. */
  readonly lastPosition: Value;
  /** int32 [1]: tokens of the longest sequence, the new ones included. */
  readonly totalTokens: Value;
  /** Rotates queries and keys; left out where they are rotated already. */
  readonly rotary?: RotaryTables | undefined;
  /** Keys that a token sees at most, itself included; all of them if left out. */
  readonly window?: number | undefined;
  /** Factor of the products of queries and keys; 1 / sqrt(head size) if left out. */
  readonly scale?: number | undefined;
  /** Added to the products before the softmax: [batch or 1, heads or 1, queries, total tokens]. */
  readonly bias?: Value | undefined;
}

/**
 * Grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245) with rotary positions and its cache, one operator.
 * `query` holds queries, keys and values of all heads one after the other, or only queries with `key` and `value` apart. The
 * standard form ({@link standardAttention}) reads and gives caches of one fixed capacity.
 */
export function groupedAttention(
  g: GraphBuilder,
  query: Value,
  keyValue: { readonly key: Value; readonly value: Value } | undefined,
  options: GroupedAttentionOptions,
): { readonly output: Value; readonly key: Value; readonly value: Value } {
  if (g.standard) return standardAttention(g, query, keyValue, options);
  const { heads, keyValueHeads, headSize, past, present, lastPosition, totalTokens, rotary, window } = options;
  const { scale, bias } = options;
  const dims = [...query.dims.slice(0, -1), heads * headSize];
  const cacheDims: Dimension[] = [dimOf(query, 0), keyValueHeads, 'present_capacity', dimOf(past.key, -1)];
  const [output, key, value] = g.node(
    'GroupQueryAttention',
    [
      ...[query, keyValue?.key, keyValue?.value, past.key, past.value, lastPosition, totalTokens],
      ...[rotary?.cos, rotary?.sin, ...(bias ? [undefined, bias] : [])],
    ],
    [
      { element: query.element, dims },
      { element: query.element, dims: cacheDims, name: present.key },
      { element: query.element, dims: cacheDims, name: present.value },
    ],
    {
      ...MICROSOFT,
      attributes: {
        num_heads: { int: heads },
        kv_num_heads: { int: keyValueHeads },
        do_rotary: { int: rotary ? 1 : 0 },
        ...(window !== undefined && { local_window_size: { int: window } }),
        ...(scale !== undefined && { scale: { float: scale } }),
      },
    },
  );
  if (!output || !key || !value) throw new GraphError('Attention without results.');
  return { output, key, value };
}
