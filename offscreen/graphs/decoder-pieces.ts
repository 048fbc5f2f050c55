import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { createGraphBuilder, type GraphBuilder } from './build/graph-builder.ts';
import { add, cast } from './build/ops.ts';
import type { Value } from './build/value.ts';
import { addHead, addLayer, beginLayers, embedTokens, type Plan, tokenTable, vectorsInput } from './decoder-layers.ts';
import { DECODER_IO, type DecoderPieces, PIECE_IO } from './graph.ts';

/** Emits a decoder piece by piece: every operator and weight as in the whole graph, with no weight inside. */
export function emitPieces(given: Omit<Plan, 'g'>, params: ParamTable, fromIds: boolean): DecoderPieces {
  const { config, storage, names } = given;
  const begin = (name: string): Plan => ({
    ...given,
    g: createGraphBuilder({ name, params, storage, weightsAsInputs: true }),
  });

  function embedding() {
    const { g } = begin('decoder-embedding');
    g.output(fromIds ? embedded(g) : cast(g, vectorsInput(g, config.hidden), g.float), PIECE_IO.nextStates);
    return g.finish();
  }

  function embedded(g: GraphBuilder): Value {
    const ids = g.input(DECODER_IO.inputIds, 'int64', [1, 'new_tokens']);
    return g.part('embedding', () => embedTokens(g, config, ids, storage, names)).rows;
  }

  function layer() {
    const plan = begin('decoder-layer');
    const { g } = plan;
    const states = statesInput(g, config.hidden);
    const { residual, delta } = addLayer(beginLayers(plan, states), 0, { residual: states });
    g.output(delta ? add(g, residual, delta) : residual, PIECE_IO.nextStates);
    return g.finish();
  }

  function head() {
    const plan = begin('decoder-head');
    const { g } = plan;
    const states = statesInput(g, config.hidden);
    const positions = g.input(DECODER_IO.logitPositions, 'int64', ['rows']);
    const table = config.tiedHead && fromIds ? g.part('embedding', () => tokenTable(plan)) : undefined;
    g.part('head', () => addHead(plan, { residual: states }, positions, table));
    return g.finish();
  }

  return { embedding: embedding(), layer: layer(), head: head() };
}

/** States between pieces, as one of them takes them. */
const statesInput = (g: GraphBuilder, hidden: number): Value =>
  g.input(PIECE_IO.states, g.float, [1, 'new_tokens', hidden]);
