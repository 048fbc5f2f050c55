import * as v from 'valibot';
import { corrupt, parseFields, Size, unsupported } from '../graphs/config-fields.ts';
import type { DecoderShape } from '../graphs/graph.ts';
import type { Declared, OnnxHeader } from './header.ts';

/** Whose keys and values a cache holds: those of the text that is written, or of the encoder's states. */
export type CacheOwner = 'text' | 'encoder';

/** One cache of an exported decoder: what it is fed as, and what it comes out as. */
export interface ExportedCache {
  readonly past: string;
  readonly present: string;
  readonly owner: CacheOwner;
  readonly heads: number;
  readonly headSize: number;
  readonly element: 'float32' | 'float16';
}

/** How Optimum names caches: with or without the part of the model that they belong to. */
const PAST = /^past_key_values\.(\d+)\.(?:(decoder|encoder)\.)?(key|value)$/;

/** The caches that a decoder takes. @throws WebplatError `model-unsupported` */
export function cachesOf({ inputs, outputs }: OnnxHeader): readonly ExportedCache[] {
  return inputs.flatMap((input) => {
    const [, layer, owner, part] = PAST.exec(input.name) ?? [];
    if (layer === undefined) return [];
    const [, heads, , headSize] = input.dims ?? [];
    if (input.dims?.length !== 4 || typeof heads !== 'number' || typeof headSize !== 'number') {
      throw unsupported(`The shape of ${input.name}.`);
    }
    if (input.element !== 'float32' && input.element !== 'float16')
      throw unsupported(`${input.name} as ${input.element}.`);
    const present = `present.${layer}.${owner ? `${owner}.` : ''}${part}`;
    // A decoder that is given the encoder's keys and values need not give them back.
    if (owner !== 'encoder' && !outputs.some(({ name }) => name === present))
      throw unsupported(`There is no ${present}.`);
    const cache = { past: input.name, present, heads, headSize, element: input.element };
    return [{ ...cache, owner: owner === 'encoder' ? ('encoder' as const) : ('text' as const) }];
  });
}

export const EXPORT_IO = {
  inputIds: 'input_ids',
  attentionMask: 'attention_mask',
  decoderMask: 'decoder_attention_mask',
  positionIds: 'position_ids',
  cachePosition: 'cache_position',
  useCache: 'use_cache_branch',
  logitsToKeep: ['num_logits_to_keep', 'logits_to_keep'],
  encoderStates: 'encoder_hidden_states',
  encoderMask: 'encoder_attention_mask',
  logits: 'logits',
} as const;

const KNOWN: ReadonlySet<string> = new Set(Object.values(EXPORT_IO).flat());

/** @throws WebplatError `model-unsupported` for inputs that nobody knows how to fill */
export function assertKnown({ inputs, outputs }: OnnxHeader): void {
  const unknown = inputs.find(({ name }) => !KNOWN.has(name) && !PAST.test(name));
  if (unknown) throw unsupported(`The decoder wants ${unknown.name}.`);
  if (!inputs.some(({ name }) => name === EXPORT_IO.inputIds)) throw unsupported('The decoder takes no token ids.');
  const logits = outputs.find(({ name }) => name === EXPORT_IO.logits);
  if (logits?.element !== 'float32' && logits?.element !== 'float16') throw unsupported('The decoder gives no logits.');
}

const Optional = v.nullish(Size);
const Fields = v.object({
  vocab_size: Optional,
  hidden_size: Optional,
  d_model: Optional,
  n_embd: Optional,
  max_position_embeddings: Optional,
  max_target_positions: Optional,
  max_source_positions: Optional,
  n_positions: Optional,
  n_ctx: Optional,
});

/** Tokens of a context that config.json does not bound. */
const USUAL_CONTEXT = 2048;

/**
 * The shape of an exported decoder, from what its graphs declare and, where sizes are named there, from config.json.
 *
 * @param first the graph that a text begins with
 * @param next the one that it goes on with, which may be the same
 * @throws WebplatError `model-unsupported`, `model-corrupt`
 */
export function exportedShape(
  { first, next }: { readonly first: OnnxHeader; readonly next: OnnxHeader },
  config: unknown,
  mostTokens: number | undefined,
): DecoderShape {
  for (const header of [first, next]) assertKnown(header);
  const caches = cachesOf(next);
  const own = caches.filter(({ owner }) => owner === 'text');
  const [cache] = own;
  if (!cache || own.length % 2 !== 0) throw unsupported('The decoder keeps no keys and values of earlier tokens.');
  const fields = parseFields(Fields, config ?? {});
  const states = first.inputs.find(({ name }) => name === EXPORT_IO.encoderStates);
  const hidden =
    lastSize(states) ?? fields.hidden_size ?? fields.d_model ?? fields.n_embd ?? cache.heads * cache.headSize;
  const vocabularySize = lastSize(first.outputs.find(({ name }) => name === EXPORT_IO.logits)) ?? fields.vocab_size;
  if (!vocabularySize) throw corrupt('Neither the graph nor config.json says how many tokens there are.');
  const positions = fields.max_target_positions ?? fields.max_position_embeddings ?? fields.n_positions ?? fields.n_ctx;
  const contextTokens = Math.min(positions ?? USUAL_CONTEXT, mostTokens ?? Number.POSITIVE_INFINITY);
  const most = fields.max_source_positions ?? positions ?? USUAL_CONTEXT;
  return {
    layers: own.length / 2,
    hidden,
    keyValueHeads: cache.heads,
    headSize: cache.headSize,
    vocabularySize,
    contextTokens,
    ...(states && {
      encoder: {
        states: fixedStates(states) ?? most,
        hidden,
        headSize: cache.headSize,
        masked: first.inputs.some(({ name }) => name === EXPORT_IO.encoderMask),
      },
    }),
  };
}

const sizeAt = (value: Declared | undefined, at: number): number | undefined => {
  const dim = value?.dims?.at(at);
  return typeof dim === 'number' ? dim : undefined;
};
const lastSize = (value: Declared | undefined) => sizeAt(value, -1);
const fixedStates = (value: Declared) => sizeAt(value, 1);
