import type { ParamTable } from '../checkpoint/checkpoint.ts';
import type { Embedded } from './build/embedding.ts';
import type { Stream } from './build/fused.ts';
import { createGraphBuilder } from './build/graph-builder.ts';
import { cast } from './build/ops.ts';
import type { DecoderConfig } from './decoder-config.ts';
import {
  addHead,
  addLayer,
  beginLayers,
  contextOf,
  type DecoderNames,
  embedTokens,
  vectorsInput,
} from './decoder-layers.ts';
import { emitPieces } from './decoder-pieces.ts';
import { DECODER_IO, type DecoderGraph, type Storage } from './graph.ts';

/** What a decoder is given of each new token: its id, or a vector that something else made in its place. */
export type DecoderInput = 'ids' | 'embeddings';

/**
 * Emits a decoder of Touvron et al. 2023 (arXiv:2302.13971) and its relatives as a graph of fused operators; inputs and outputs
 * are those of {@link DECODER_IO}, `inputs_embeds` in place of ids where it takes embeddings. The weights of each layer are a
 * part of their own, so that they load side by side, or one after the other where there is no room for all.
 */
export function emitDecoder(
  config: DecoderConfig,
  params: ParamTable,
  storage: Storage,
  names: DecoderNames = { model: 'model.', head: 'lm_head' },
  takes: DecoderInput = 'ids',
): DecoderGraph {
  const g = createGraphBuilder({ name: 'decoder', params, storage });
  const plan = { g, config, storage, names };
  const given =
    takes === 'ids' ? g.input(DECODER_IO.inputIds, 'int64', [1, 'new_tokens']) : vectorsInput(g, config.hidden);
  const positions = g.input(DECODER_IO.logitPositions, 'int64', ['rows']);
  const emission = beginLayers(plan, given);
  const embedded: Embedded =
    takes === 'ids'
      ? g.part('embedding', () => embedTokens(g, config, given, storage, names))
      : { rows: cast(g, given, g.float) };
  let stream: Stream = { residual: embedded.rows };
  for (let layer = 0; layer < config.layers; layer += 1) stream = addLayer(emission, layer, stream);
  g.part('head', () => addHead(plan, stream, positions, embedded.table));
  const { layers, hidden, keyValueHeads, headSize, vocabulary } = config;
  return {
    ...g.finish(),
    shape: {
      layers,
      hidden,
      keyValueHeads,
      headSize,
      vocabularySize: vocabulary,
      contextTokens: contextOf(config, storage),
      ...(takes === 'embeddings' && { embeddings: true }),
    },
    pieces: () => emitPieces({ config, storage, names }, params, takes === 'ids'),
  };
}
