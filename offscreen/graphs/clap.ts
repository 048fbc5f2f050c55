import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { bertLayers, bertPooler } from './bert-encoder.ts';
import { embedding } from './build/embedding.ts';
import { activation } from './build/fused.ts';
import { createGraphBuilder, type EmittedGraph, type GraphBuilder } from './build/graph-builder.ts';
import { add, cast, gather, mul, reduce, reshape, single, transpose } from './build/ops.ts';
import { derived } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';
import { clapAudioTower } from './clap-audio-tower.ts';
import {
  type ClapAudioConfig,
  type ClapProjection,
  type ClapTextConfig,
  parseClapAudio,
  parseClapText,
} from './clap-config.ts';
import { oneLinear } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { logitScale, outputFloats, unitLength } from './joint-space.ts';
import { compare } from './masks.ts';
import { normOfSum } from './post-norm-layer.ts';

/**
 * The text tower of CLAP (Wu et al. 2022, arXiv:2211.06687), a RoBERTa (Liu et al. 2019, arXiv:1907.11692). Inputs `input_ids` and
 * `attention_mask`, int64 [batch, tokens]; outputs, all float32: `text_embeds` [batch, projection] of length 1,
 * `last_hidden_state` [batch, tokens, hidden], `pooler_output` [batch, hidden], and `logit_scale` [], by which products of a text
 * with sounds are multiplied to become its logits.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitClapText(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const text = parseClapText(config);
  const g = createGraphBuilder({ name: 'clap-text', params, storage });
  const ids = g.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask = g.input('attention_mask', 'int64', ['batch', 'tokens']);
  const layers = { shape: text.shape, prefix: 'text_model.', mask, storage };
  const hidden = bertLayers(
    g,
    g.part('embedding', () => embedTokens(g, text, ids, storage)),
    layers,
  );
  outputFloats(g, hidden, 'last_hidden_state');
  g.part('head', () => {
    const pooled = bertPooler(g, hidden, layers);
    outputFloats(g, pooled, 'pooler_output');
    const projected = project(g, pooled, 'text_projection', [text.shape.hidden, text.projection], storage);
    g.output(unitLength(g, projected), 'text_embeds');
    g.output(logitScale(g, 'logit_scale_t'), 'logit_scale');
  });
  return g.finish();
}

/**
 * The sound tower of CLAP, an HTSAT without fusion. Input `input_features` float32 [batch, 1, frames, mel bins], of no more frames
 * than the folded square holds; outputs, all float32: `audio_embeds` [batch, projection] of length 1, `last_hidden_state`
 * [batch, hidden, rows, columns], `pooler_output` [batch, hidden], and `logit_scale` [], by which products of a sound with texts
 * are multiplied to become its logits.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitClapAudio(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const audio = parseClapAudio(config);
  const g = createGraphBuilder({ name: 'clap-audio', params, storage });
  const features = g.input('input_features', 'float32', ['batch', 1, 'frames', audio.melBins]);
  const cells = clapAudioTower(g, features, audio, storage);
  outputFloats(g, unfolded(g, cells, audio), 'last_hidden_state');
  g.part('audio.head', () => {
    const pooled = reduce(g, 'ReduceMean', cells, 1, false);
    outputFloats(g, pooled, 'pooler_output');
    const width = Number(pooled.dims[1]);
    const projected = project(g, pooled, 'audio_projection', [width, audio.projection], storage);
    g.output(unitLength(g, projected), 'audio_embeds');
    g.output(logitScale(g, 'logit_scale_a'), 'logit_scale');
  });
  return g.finish();
}

/** Words and their places, which count only tokens that are no padding, and the one kind of sentence that there is. */
function embedTokens(g: GraphBuilder, config: ClapTextConfig, ids: Value, storage: Storage): Value {
  const { vocabulary, positions, types, padToken, shape } = config;
  const { hidden } = shape;
  const name = 'text_model.embeddings';
  const { rows } = embedding(g, `${name}.word_embeddings.weight`, [vocabulary, hidden], ids, storage.ends);
  const params = [
    g.require(`${name}.position_embeddings.weight`, [positions, hidden]),
    g.require(`${name}.token_type_embeddings.weight`, [types, hidden]),
  ];
  const recipe = derived(params, [positions, hidden], g.float, (places = new Float32Array(), kinds) =>
    places.map((value, i) => value + (kinds?.[i % hidden] ?? 0)),
  );
  g.atMost('tokens', positions - padToken - 1);
  const [table] = g.weights(recipe, [`${name}.places`]);
  if (!table) throw new GraphError('A recipe without a weight.');
  const delta = gather(g, table, placesOf(g, ids, padToken));
  return normOfSum(g, { residual: rows, delta }, `${name}.LayerNorm`, shape.normEpsilon);
}

/** Places start after the padding token's number, which is the place of padding: int64 [batch, tokens]. */
function placesOf(g: GraphBuilder, ids: Value, padToken: number): Value {
  const padding = compare(g, 'Equal', ids, g.integers([padToken]));
  const { dims } = ids;
  const kept = cast(g, single(g, 'Not', [padding], { element: 'bool', dims }), 'int64');
  const counted = single(g, 'CumSum', [kept, g.integers([1], [])], { element: 'int64', dims });
  return add(g, mul(g, counted, kept), g.integers([padToken]));
}

function project(
  g: GraphBuilder,
  pooled: Value,
  name: string,
  [from, { width, activation: kind }]: readonly [number, ClapProjection],
  storage: Storage,
): Value {
  const first = oneLinear(g, pooled, `${name}.linear1`, [from, width], storage.ends);
  return oneLinear(g, activation(g, kind, first), `${name}.linear2`, [width, width], storage.ends);
}

/** Cells of the square as bins and stretches of time again: [batch, hidden, bins, frames]. */
function unfolded(g: GraphBuilder, cells: Value, { side, melBins, patch, stages }: ClapAudioConfig): Value {
  const [stretches, across] = [side / melBins, Math.floor(side / patch.stride) / 2 ** (stages.length - 1)];
  const bins = Math.floor(across / stretches);
  const hidden = Number(cells.dims[2]);
  const apart = reshape(g, transpose(g, cells, [0, 2, 1]), [0, hidden, stretches, bins, across]);
  return reshape(g, transpose(g, apart, [0, 1, 3, 2, 4]), [0, hidden, bins, -1]);
}
