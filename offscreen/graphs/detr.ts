import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { createGraphBuilder, type EmittedGraph, type GraphBuilder } from './build/graph-builder.ts';
import { cast, concat, conv, expand, layerNorm, reshape, sizeOf, transpose, unary } from './build/ops.ts';
import type { Value } from './build/value.ts';
import { type DetrConfig, parseDetrConfig } from './detr-config.ts';
import { addDecoderLayer, addEncoderLayer, type Placed, placedSum } from './detr-layers.ts';
import { oneLinear } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { outputFloats } from './joint-space.ts';
import { keyBias } from './masks.ts';
import { resnet } from './resnet.ts';
import { maskOfMaps, sinePositions } from './sine-positions.ts';

interface Emission {
  readonly g: GraphBuilder;
  readonly config: DetrConfig;
  readonly storage: Storage;
}

/** An image as the encoder takes it. */
interface Places extends Placed {
  /** bool [batch, places]: which of them show the image and no padding. */
  readonly shown: Value;
}

/**
 * DETR (Carion et al. 2020, arXiv:2005.12872). Inputs `pixel_values` float32 [batch, channels, height, width] and `pixel_mask`
 * int64 [batch, height, width], 1 where there is an image; outputs, all float32: `logits` [batch, queries, classes + 1], the last
 * class meaning no object, `pred_boxes` [batch, queries, 4] (center x and y, width and height, as shares of the image),
 * `last_hidden_state` [batch, queries, hidden] and `encoder_last_hidden_state` [batch, places, hidden].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitDetr(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const parsed = parseDetrConfig(config);
  const g = createGraphBuilder({ name: 'detr', params, storage });
  const emission = { g, config: parsed, storage };
  const pixels = g.input('pixel_values', 'float32', ['batch', parsed.backbone.channels, 'height', 'width']);
  const mask = g.input('pixel_mask', 'int64', ['batch', 'height', 'width']);
  const places = cutIntoPlaces(emission, cast(g, pixels, g.float), mask);
  const encoded = encode(emission, places);
  const objects = decode(emission, places, encoded);
  g.part('heads', () => addHeads(emission, objects));
  outputFloats(g, objects, 'last_hidden_state');
  outputFloats(g, { ...encoded, dims: ['batch', 'places', parsed.encoder.hidden] }, 'encoder_last_hidden_state');
  return g.finish();
}

function cutIntoPlaces({ g, config }: Emission, pixels: Value, mask: Value): Places {
  const { backbone, encoder } = config;
  const maps = resnet(g, pixels, backbone, 'model.backbone.conv_encoder.model.');
  return g.part('projection', () => {
    const name = 'model.input_projection';
    const weight = g.param(`${name}.weight`, [encoder.hidden, backbone.widths.at(-1) ?? 0, 1, 1]);
    const narrow = conv(g, maps, weight, g.param(`${name}.bias`, [encoder.hidden]));
    const states = transpose(g, reshape(g, narrow, [0, encoder.hidden, -1]), [0, 2, 1]);
    const seen = maskOfMaps(g, mask, maps);
    const positions = sinePositions(g, seen, encoder.hidden);
    return { states, positions, shown: cast(g, reshape(g, seen, [0, -1]), 'bool') };
  });
}

function encode({ g, config, storage }: Emission, { states, positions, shown }: Places): Value {
  const { encoder: shape } = config;
  const mask = keyBias(g, shown, sizeOf(g, states, 1), states.dims[1] ?? 'places');
  let encoded = states;
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const placed = { states: encoded, positions };
    const options = { shape, name: `model.encoder.layers.${layer}`, storage: storage.linear };
    encoded = g.part(`encoder.layer.${layer}`, () => addEncoderLayer(g, placed, options, mask));
  }
  return encoded;
}

/** Learned queries, each of which finds one object or none -> [batch, queries, hidden]. */
function decode({ g, config, storage }: Emission, { positions, shown }: Places, encoded: Value): Value {
  const { decoder: shape, queries } = config;
  const image = { keys: placedSum(g, { states: encoded, positions }), values: encoded };
  const mask = keyBias(g, shown, g.integers([queries]), queries);
  const wanted = g.part('queries', () => g.param('model.query_position_embeddings.weight', [queries, shape.hidden]));
  let states = nothing(g, sizeOf(g, encoded, 0), [queries, shape.hidden]);
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const objects = { states, positions: wanted };
    const options = { shape, name: `model.decoder.layers.${layer}`, storage: storage.linear };
    states = g.part(`decoder.layer.${layer}`, () => addDecoderLayer(g, objects, image, options, mask));
  }
  return g.part('heads', () => layerNorm(g, states, 'model.decoder.layernorm', 1e-5));
}

/** Zeros [batch, ...dims]: objects before anything was seen of them. */
function nothing(g: GraphBuilder, batch: Value, dims: readonly number[]): Value {
  return expand(g, g.scalar(0), concat(g, [batch, g.integers(dims)], 0), ['batch', ...dims]);
}

function addHeads({ g, config, storage }: Emission, objects: Value): void {
  const { classes, decoder } = config;
  const { hidden } = decoder;
  const through = (input: Value, name: string, outputs: number) =>
    oneLinear(g, input, name, [hidden, outputs], storage.ends);
  outputFloats(g, through(objects, 'class_labels_classifier', classes + 1), 'logits');
  const first = unary(g, 'Relu', through(objects, 'bbox_predictor.layers.0', hidden));
  const second = unary(g, 'Relu', through(first, 'bbox_predictor.layers.1', hidden));
  outputFloats(g, unary(g, 'Sigmoid', through(second, 'bbox_predictor.layers.2', 4)), 'pred_boxes');
}
