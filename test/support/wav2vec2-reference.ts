import {
  addRows,
  attendRows,
  convRows,
  gelu,
  linearRows,
  mapRows,
  normColumns,
  normRows,
  type Param,
  type Rows,
} from './reference-ops.ts';

/** Fields of config.json that the reference computes by. */
export interface Wav2Vec2Json {
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly layer_norm_eps: number;
  readonly feat_extract_norm: 'group' | 'layer';
  readonly conv_bias: boolean;
  readonly conv_kernel: readonly number[];
  readonly conv_stride: readonly number[];
  readonly num_conv_pos_embeddings: number;
  readonly num_conv_pos_embedding_groups: number;
  readonly do_stable_layer_norm: boolean;
}

/** The last hidden state of wav2vec 2.0 (Baevski et al. 2020, arXiv:2006.11477) of one recording, in float64. */
export function wav2vec2Reference(json: Wav2Vec2Json, param: Param, samples: readonly number[]): Rows {
  const name = 'wav2vec2.encoder';
  const features = soundRows(json, param, samples);
  const normed = normRows(param, 'wav2vec2.feature_projection.layer_norm', features, json.layer_norm_eps);
  const projected = linearRows(param, 'wav2vec2.feature_projection.projection', normed);
  const norm = (rows: Rows, of: string) => normRows(param, `${name}.${of}`, rows, json.layer_norm_eps);
  let hidden = addRows(projected, positionRows(json, param, projected));
  if (!json.do_stable_layer_norm) hidden = norm(hidden, 'layer_norm');
  for (let layer = 0; layer < json.num_hidden_layers; layer += 1) {
    const of = `layers.${layer}`;
    const parts = [
      ['layer_norm', (rows: Rows) => attentionRows(json, param, `${name}.${of}.attention`, rows)],
      ['final_layer_norm', (rows: Rows) => feedForwardRows(param, `${name}.${of}.feed_forward`, rows)],
    ] as const;
    for (const [normName, part] of parts) {
      hidden = json.do_stable_layer_norm
        ? addRows(hidden, part(norm(hidden, `${of}.${normName}`)))
        : norm(addRows(hidden, part(hidden)), `${of}.${normName}`);
    }
  }
  return json.do_stable_layer_norm ? norm(hidden, 'layer_norm') : hidden;
}

function soundRows(json: Wav2Vec2Json, param: Param, samples: readonly number[]): Rows {
  let sound: Rows = samples.map((value) => [value]);
  for (const [layer, kernel] of json.conv_kernel.entries()) {
    const name = `wav2vec2.feature_extractor.conv_layers.${layer}`;
    const bias = json.conv_bias ? param(`${name}.conv.bias`) : undefined;
    const stride = json.conv_stride[layer] ?? 1;
    sound = convRows(sound, param(`${name}.conv.weight`), bias, { kernel, stride });
    if (json.feat_extract_norm === 'layer') sound = normRows(param, `${name}.layer_norm`, sound, 1e-5);
    else if (layer === 0) sound = normColumns(param, `${name}.layer_norm`, sound, 1e-5);
    sound = mapRows(sound, gelu);
  }
  return sound;
}

function positionRows(json: Wav2Vec2Json, param: Param, hidden: Rows): Rows {
  const name = 'wav2vec2.encoder.pos_conv_embed.conv';
  const [kernel, groups] = [json.num_conv_pos_embeddings, json.num_conv_pos_embedding_groups];
  const [lengths, directions] = [param(`${name}.weight_g`), Array.from(param(`${name}.weight_v`))];
  const norms = Array.from({ length: kernel }, (_, place) =>
    Math.hypot(...directions.filter((_, i) => i % kernel === place)),
  );
  const weight = directions.map((value, i) => (value / (norms[i % kernel] ?? 1)) * (lengths[i % kernel] ?? 0));
  const padding = Math.floor(kernel / 2);
  const places = convRows(hidden, weight, param(`${name}.bias`), { kernel, padding, groups });
  return mapRows(places.slice(0, hidden.length), gelu);
}

function attentionRows(json: Wav2Vec2Json, param: Param, name: string, input: Rows): Rows {
  const through = (part: string) => linearRows(param, `${name}.${part}_proj`, input);
  return linearRows(
    param,
    `${name}.out_proj`,
    attendRows(through('q'), through('k'), through('v'), json.num_attention_heads),
  );
}

function feedForwardRows(param: Param, name: string, input: Rows): Rows {
  const up = mapRows(linearRows(param, `${name}.intermediate_dense`, input), gelu);
  return linearRows(param, `${name}.output_dense`, up);
}
