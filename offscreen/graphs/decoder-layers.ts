import { type Embedded, embedding, floatTable } from './build/embedding.ts';
import {
  activation,
  addRmsNorm,
  groupedAttention,
  type RotaryTables,
  rotate,
  rotatesItself,
  type Stream,
} from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { linear, productOf } from './build/linear.ts';
import { cast, dimOf, gather, mul, reshape, single, sizeOf, sub } from './build/ops.ts';
import type { Dimension, Value } from './build/value.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { DECODER_IO, type Storage } from './graph.ts';
import { rotaryTables } from './rotary.ts';

/** Names of the parameters around the layers. */
export interface DecoderNames {
  /** What comes before `embed_tokens`, `layers` and `norm`, e.g. `model.`. */
  readonly model: string;
  /** The output layer, e.g. `lm_head`. */
  readonly head: string;
}

/** What decides how a decoder is written. */
export interface Plan {
  readonly g: GraphBuilder;
  readonly config: DecoderConfig;
  readonly storage: Storage;
  readonly names: DecoderNames;
}

/** A decoder that is being written, and what its layers have in common. */
export interface Emission extends Plan {
  readonly lastPosition: Value;
  readonly totalTokens: Value;
  readonly contextTokens: number;
  /** int64 [1]: position of the first new token. */
  readonly firstPosition: Value;
  readonly rotary: RotaryTables;
}

/** Tokens that positions and caches hold. */
export const contextOf = (config: DecoderConfig, storage: Storage): number =>
  Math.min(config.contextTokens, storage.contextTokens ?? config.contextTokens);

/** Vectors in the place of ids. */
export const vectorsInput = (g: GraphBuilder, hidden: number): Value =>
  g.input(DECODER_IO.inputsEmbeds, 'float32', [1, 'new_tokens', hidden]);

/** Inputs and tables that all layers share; `given` [1, new tokens, ...] is what the decoder is given of new tokens. */
export function beginLayers(plan: Plan, given: Value): Emission {
  const { g, config, storage } = plan;
  const lastPosition = g.input(DECODER_IO.lastPosition, 'int32', [1]);
  const totalTokens = g.input(DECODER_IO.totalTokens, 'int32', [1]);
  const { headSize } = config;
  const contextTokens = contextOf(config, storage);
  const rotary = g.part('embedding', () => rotaryTables(g, { headSize, ...config.rope, positions: contextTokens }));
  const firstPosition = sub(g, cast(g, totalTokens, 'int64'), sizeOf(g, given, 1));
  return { ...plan, lastPosition, totalTokens, contextTokens, firstPosition, rotary };
}

/** Rows of the table that a decoder's tokens are embedded with: ids int64 [...ids] -> [...ids, hidden]. */
export function embedTokens(
  g: GraphBuilder,
  { vocabulary, hidden }: Pick<DecoderConfig, 'vocabulary' | 'hidden'>,
  ids: Value,
  storage: Storage,
  names: DecoderNames,
): Embedded {
  return embedding(g, `${names.model}embed_tokens.weight`, [vocabulary, hidden], ids, storage.ends);
}

/** The table that {@link embedTokens} reads and a tied head takes, where it is stored as floats. */
export const tokenTable = ({ g, config, storage, names }: Plan): Value | undefined =>
  floatTable(g, `${names.model}embed_tokens.weight`, [config.vocabulary, config.hidden], storage.ends);

/** One layer, its weights in a part of their own. */
export const addLayer = (emission: Emission, layer: number, stream: Stream): Stream =>
  emission.g.part(partOfLayer(layer), () => layerOf(emission, layer, stream));

/** The part that the weights of a layer lie in. */
export const partOfLayer = (layer: number): string => `layer.${layer}`;

function layerOf(emission: Emission, layer: number, stream: Stream): Stream {
  const { g, config, names } = emission;
  const name = `${names.model}layers.${layer}`;
  const before = addRmsNorm(g, stream, `${name}.input_layernorm`, config.normEpsilon);
  const attended = addAttention(emission, layer, `${name}.self_attn`, before.normed);
  const between = addRmsNorm(
    g,
    { residual: before.sum, delta: attended },
    `${name}.post_attention_layernorm`,
    config.normEpsilon,
  );
  return { residual: between.sum, delta: addMlp(emission, `${name}.mlp`, between.normed) };
}

/** Queries, keys and values come from one product; rotation, cache update and attention are one operator. */
function addAttention(emission: Emission, layer: number, name: string, input: Value): Value {
  const { g, config, storage, lastPosition, totalTokens, rotary } = emission;
  const { heads, keyValueHeads, headSize, hidden, bias } = config;
  const projection = (part: string, count: number) => ({ name: `${name}.${part}_proj`, outputs: count * headSize });
  const apart = { q: projection('q', heads), k: projection('k', keyValueHeads), v: projection('v', keyValueHeads) };
  const through = (...layers: { name: string; outputs: number }[]) =>
    linear(g, input, { inputs: hidden, layers, bias: bias.inputs }, storage.linear);
  // Packed rows are the runtime's own business; their length is told by what is bound.
  const row = storage.cacheBits ? 'cache_row' : headSize;
  const past = cacheInput(g, layer, keyValueHeads, row);
  const present = { key: DECODER_IO.present(layer, 'key'), value: DECODER_IO.present(layer, 'value') };
  const fused = rotatesItself(g, headSize);
  const options = {
    heads,
    keyValueHeads,
    headSize,
    past,
    present,
    lastPosition,
    totalTokens,
    rotary: fused ? rotary : undefined,
    // A window that nothing reaches beyond is none.
    window: config.window !== undefined && config.window < emission.contextTokens ? config.window : undefined,
  };
  const prepared = (part: 'q' | 'k', count: number) => {
    const projected = through(apart[part]);
    const normed = config.headNorm ? normHeads(emission, `${name}.${part}_norm`, projected) : projected;
    return fused ? normed : rotate(g, normed, emission.firstPosition, rotary, count);
  };
  const attended =
    config.headNorm || !fused
      ? groupedAttention(
          g,
          prepared('q', heads),
          { key: prepared('k', keyValueHeads), value: through(apart.v) },
          options,
        )
      : groupedAttention(g, through(apart.q, apart.k, apart.v), undefined, options);
  g.output(attended.key, present.key);
  g.output(attended.value, present.value);
  const layers = [{ name: `${name}.o_proj`, outputs: hidden }];
  return linear(g, attended.output, { inputs: heads * headSize, layers, bias: bias.output }, storage.linear);
}

/** The root mean square norm of each head of [1, tokens, heads * headSize]. */
function normHeads({ g, config }: Emission, name: string, value: Value): Value {
  const apart = reshape(g, value, [0, 0, -1, config.headSize]);
  const { normed } = addRmsNorm(g, { residual: apart }, name, config.normEpsilon);
  return reshape(g, normed, [0, 0, Number(dimOf(value, -1))]);
}

function cacheInput(g: GraphBuilder, layer: number, keyValueHeads: number, row: Dimension) {
  const input = (part: 'key' | 'value') =>
    g.input(DECODER_IO.past(layer, part), g.float, [1, keyValueHeads, 'past_capacity', row]);
  return { key: input('key'), value: input('value') };
}

/** down(act(gate(x)) * up(x)): the gated unit of Shazeer 2020 (arXiv:2002.05202). */
function addMlp({ g, config, storage }: Emission, name: string, input: Value): Value {
  const { hidden, intermediate, bias } = config;
  const through = (part: string, outputs: number, inputs: number, value: Value) =>
    linear(g, value, { inputs, layers: [{ name: `${name}.${part}_proj`, outputs }], bias: bias.mlp }, storage.linear);
  const gate = activation(g, config.activation, through('gate', intermediate, hidden, input));
  return through('down', hidden, intermediate, mul(g, gate, through('up', intermediate, hidden, input)));
}

/**
 * Logits of the wanted positions only: a prompt needs one row of what may be a very large product. `table` is that of the
 * tokens, where the head is the same and stored as floats.
 */
export function addHead(
  { g, config, storage, names }: Plan,
  stream: Stream,
  positions: Value,
  table: Value | undefined,
): void {
  const { normed } = addRmsNorm(g, stream, `${names.model}norm`, config.normEpsilon);
  const rows = reshape(g, gather(g, normed, positions, 1), [-1, config.hidden]);
  const dims = [config.vocabulary, config.hidden];
  const logits =
    config.tiedHead && table
      ? single(
          g,
          'Gemm',
          [rows, table],
          { element: g.float, dims: ['rows', config.vocabulary] },
          {
            attributes: { transB: { int: 1 } },
          },
        )
      : productOf(
          g,
          names.head,
          rows,
          [g.require(config.tiedHead ? `${names.model}embed_tokens.weight` : `${names.head}.weight`, dims)],
          storage.ends === 'float' ? storage.linear : storage.ends,
        );
  g.output(cast(g, { ...logits, dims: ['rows', config.vocabulary] }, 'float32'), DECODER_IO.logits);
}
