import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { activation } from './build/fused.ts';
import { createGraphBuilder, type EmittedGraph, type GraphBuilder } from './build/graph-builder.ts';
import { linear } from './build/linear.ts';
import { concat, dimOf, slice } from './build/ops.ts';
import { GraphError, type Value } from './build/value.ts';
import { clipVisionTower } from './clip-vision-tower.ts';
import { corrupt } from './config-fields.ts';
import { type DecoderNames, embedTokens } from './decoder-layers.ts';
import { sumOf } from './encoder-layer.ts';
import { DECODER_IO, type DecoderGraph, type Storage } from './graph.ts';
import { outputFloats } from './joint-space.ts';
import { emitLlama } from './llama.ts';
import { type LlavaConfig, parseLlavaConfig } from './llava-config.ts';
import { emitQwen2 } from './qwen2.ts';

/**
 * LLaVA (Liu et al. 2023, arXiv:2304.08485 and arXiv:2310.03744) in three graphs: images become vectors of the language model's
 * space ({@link emitLlavaVision}), ids of tokens too ({@link emitLlavaEmbedding}), and the language model takes such vectors
 * ({@link emitLlavaDecoder}). Whoever runs them puts the vectors of an image in place of those of its tokens.
 */

/**
 * Images: input `pixel_values` float32 [batch, channels, size, size]; output `image_features` float32 [batch, patches, hidden of
 * the language model].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitLlavaVision(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const g = createGraphBuilder({ name: 'llava-vision', params, storage });
  addVision(g, parseLlavaConfig(config), storage);
  return g.finish();
}

/** What all LLaVAs make of images, as the output `image_features` of a graph. */
export function addVision(g: GraphBuilder, config: LlavaConfig, storage: Storage): void {
  const { featureLayers, withClassToken, vision } = config;
  const prefix = prefixOf(g, VISION_PREFIXES, 'embeddings.class_embedding');
  const streams = clipVisionTower(g, vision, { prefix, count: Math.max(...featureLayers), storage });
  const features = featureLayers.map((layer) => {
    const stream = streams[layer];
    if (!stream) throw new GraphError(`There are no states after layer ${layer}.`);
    const states = sumOf(g, stream);
    return withClassToken ? states : slice(g, states, 1, 1, Number(dimOf(states, 1)));
  });
  const [only] = features;
  const all = features.length === 1 && only ? only : concat(g, features, 2);
  g.part('projector', () => outputFloats(g, project(g, config, all, storage), 'image_features'));
}

/** Features of images [batch, patches, width] in the space of the language model. */
function project(g: GraphBuilder, { projector, text }: LlavaConfig, features: Value, storage: Storage): Value {
  const prefix = prefixOf(g, PROJECTOR_PREFIXES, 'linear_1.weight');
  const through = (input: Value, name: string) => {
    const layers = [{ name: `${prefix}${name}`, outputs: text.hidden }];
    return linear(g, input, { inputs: Number(dimOf(input, -1)), layers, bias: projector.bias }, storage.linear);
  };
  return through(activation(g, projector.activation, through(features, 'linear_1')), 'linear_2');
}

/**
 * Tokens: input `input_ids` int64 [1, new tokens]; output `inputs_embeds` float32 [1, new tokens, hidden].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitLlavaEmbedding(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const { text } = parseLlavaConfig(config);
  const g = createGraphBuilder({ name: 'llava-embedding', params, storage });
  const ids = g.input(DECODER_IO.inputIds, 'int64', [1, 'new_tokens']);
  g.part('embedding', () => {
    const { rows } = embedTokens(g, text, ids, storage, textNames(params));
    outputFloats(g, rows, DECODER_IO.inputsEmbeds);
  });
  return g.finish();
}

/**
 * The language model on vectors instead of ids; inputs and outputs are those of `DECODER_IO`.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitLlavaDecoder(config: unknown, params: ParamTable, storage: Storage): DecoderGraph {
  const { text } = parseLlavaConfig(config);
  const emit = text.kind === 'qwen2' ? emitQwen2 : emitLlama;
  return emit(text.config, params, storage, textNames(params), 'embeddings');
}

/** Where checkpoints keep the parts of a LLaVA: the first ones, and those of newer versions of the library. */
const VISION_PREFIXES = ['vision_tower.vision_model.', 'model.vision_tower.vision_model.', 'model.vision_tower.'];
const PROJECTOR_PREFIXES = ['multi_modal_projector.', 'model.multi_modal_projector.'];
const TEXT_NAMES: readonly DecoderNames[] = [
  { model: 'language_model.model.', head: 'language_model.lm_head' },
  { model: 'model.language_model.', head: 'lm_head' },
];

function prefixOf(g: GraphBuilder, prefixes: readonly string[], name: string): string {
  const found = prefixes.find((prefix) => g.has(`${prefix}${name}`));
  if (found === undefined) throw corrupt(`Parameter ${prefixes[0]}${name} is missing.`);
  return found;
}

function textNames(params: ParamTable): DecoderNames {
  const found = TEXT_NAMES.find(({ model }) => params.get(`${model}embed_tokens.weight`));
  if (!found) throw corrupt(`Parameter ${TEXT_NAMES[0]?.model}embed_tokens.weight is missing.`);
  return found;
}
