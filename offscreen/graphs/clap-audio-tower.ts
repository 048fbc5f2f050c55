import { addLayerNorm, type Stream } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { linear } from './build/linear.ts';
import {
  add,
  cast,
  concat,
  conv,
  expand,
  gather,
  layerNorm,
  mul,
  reshape,
  sizeOf,
  squeeze,
  transpose,
} from './build/ops.ts';
import { derived } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';
import type { ClapAudioConfig, ClapStage } from './clap-config.ts';
import { addFeedForward, type LayerNames, selfAttention, sumOf } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { foldSpectrogram, stretchFrames } from './spectrogram-square.ts';
import {
  indexWeights,
  inverseOrder,
  mergeOrder,
  type Windows,
  windowBias,
  windowMask,
  windowOrder,
} from './windows.ts';

const ENCODER = 'audio_model.audio_encoder';
/** That of PyTorch's norms; the config says only that of the blocks. */
const NORM_EPSILON = 1e-5;

const HTSAT_LAYER: LayerNames = {
  attentionNorm: 'layernorm_before',
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  output: 'attention.output.dense',
  feedForwardNorm: 'layernorm_after',
  up: 'intermediate.dense',
  down: 'output.dense',
};

/**
 * HTSAT (Chen et al. 2022, arXiv:2202.00874), the sound tower of CLAP: spectrograms [batch, 1, frames, mel bins] as cells of a
 * square, [batch, cells, hidden], normalized.
 */
export function clapAudioTower(g: GraphBuilder, features: Value, config: ClapAudioConfig, storage: Storage): Value {
  let stream: Stream = { residual: g.part('audio.embedding', () => embedPatches(g, features, config)) };
  for (const [at, stage] of config.stages.entries()) {
    const before = stream;
    const blocks = addBlocks(g, before, { stage, window: config.window, name: `${ENCODER}.layers.${at}`, at, storage });
    const merged = at + 1 < config.stages.length;
    stream = merged
      ? { residual: g.part(`audio.stage.${at}`, () => mergeCells(g, sumOf(g, blocks), stage, at, storage)) }
      : blocks;
  }
  const last = stream;
  return g.part('audio.head', () => addLayerNorm(g, last, `${ENCODER}.norm`, NORM_EPSILON).normed);
}

/** The spectrogram with every bin normalized, as a square, in patches. */
function embedPatches(g: GraphBuilder, features: Value, { melBins, side, patch }: ClapAudioConfig): Value {
  // Decibels need float32 until they are normalized.
  const frames = stretchFrames(g, normBins(g, squeeze(g, features, [1]), melBins), (side * side) / melBins);
  const square = cast(g, foldSpectrogram(g, frames, side), g.float);
  const name = `${ENCODER}.patch_embed`;
  const weight = g.param(`${name}.proj.weight`, [patch.hidden, 1, patch.kernel, patch.kernel]);
  const padding = Math.floor((patch.kernel - patch.stride) / 2);
  const patches = conv(g, square, weight, g.param(`${name}.proj.bias`, [patch.hidden]), {
    stride: [patch.stride, patch.stride],
    padding: [padding, padding],
  });
  const cells = transpose(g, reshape(g, patches, [0, patch.hidden, -1]), [0, 2, 1]);
  return patch.norm ? layerNorm(g, cells, `${name}.norm`, NORM_EPSILON) : cells;
}

/** A batch norm (Ioffe and Szegedy 2015, arXiv:1502.03167) with its statistics folded in: a factor and a summand a bin. */
function normBins(g: GraphBuilder, frames: Value, bins: number): Value {
  const name = `${ENCODER}.batch_norm`;
  const params = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => g.require(`${name}.${part}`, [bins]));
  type Parts = Float32Array<ArrayBuffer>[];
  const factorOf = ([gain, , , variance]: Parts, bin: number) =>
    (gain?.[bin] ?? 0) / Math.sqrt((variance?.[bin] ?? 0) + NORM_EPSILON);
  const shiftOf = (parts: Parts, bin: number) => (parts[1]?.[bin] ?? 0) - (parts[2]?.[bin] ?? 0) * factorOf(parts, bin);
  const made = [factorOf, shiftOf].map((of, i) => {
    const recipe = derived(params, [bins], 'float32', (...parts) =>
      Float32Array.from({ length: bins }, (_, bin) => of(parts, bin)),
    );
    return g.weights(recipe, [`${name}.${i === 0 ? 'factor' : 'summand'}`])[0];
  });
  const [factor, summand] = made;
  if (!factor || !summand) throw new GraphError('A recipe without a weight.');
  return add(g, mul(g, frames, factor), summand);
}

interface Blocks {
  readonly stage: ClapStage;
  readonly window: number;
  readonly name: string;
  /** Number of the stage. */
  readonly at: number;
  readonly storage: Storage;
}

/** Blocks of one resolution; windows of every second one are moved by half of their size. */
function addBlocks(g: GraphBuilder, start: Stream, blocks: Blocks): Stream {
  const { stage, window, at } = blocks;
  // Where one window is the whole square, there is nothing to move.
  const shift = stage.side > window ? Math.floor(window / 2) : 0;
  const layouts = [0, shift].map((by) => createLayout(g, { side: stage.side, window, shift: by }, at));
  let stream = start;
  for (let block = 0; block < stage.depth; block += 1) {
    const before = stream;
    const layout = layouts[block % 2];
    if (layout) stream = g.part(`audio.stage.${at}`, () => addBlock(g, before, layout(), block, blocks));
  }
  return stream;
}

interface Layout {
  readonly windows: Windows;
  readonly order: Value;
  readonly back: Value;
  readonly mask: Value | undefined;
}

/** Weights that blocks with the same windows share, made where the first of them is. */
function createLayout(g: GraphBuilder, windows: Windows, at: number): () => Layout {
  let layout: Layout | undefined;
  return () => {
    const name = `windows.${at}.${windows.shift}`;
    const order = () => windowOrder(windows);
    const cells = windows.side ** 2;
    layout ??= {
      windows,
      order: indexWeights(g, `${name}.order`, order, cells),
      back: indexWeights(g, `${name}.back`, () => inverseOrder(order()), cells),
      mask: windows.shift > 0 ? windowMask(g, `${name}.mask`, windows) : undefined,
    };
    return layout;
  };
}

function addBlock(g: GraphBuilder, stream: Stream, layout: Layout, block: number, blocks: Blocks): Stream {
  const { stage, storage } = blocks;
  const { shape, side } = stage;
  const name = `${blocks.name}.blocks.${block}`;
  const { window } = layout.windows;
  const before = addLayerNorm(g, stream, `${name}.layernorm_before`, shape.normEpsilon);
  const inOrder = gather(g, before.normed, layout.order, 1);
  const apart = reshape(g, inOrder, [-1, window ** 2, shape.hidden]);
  const table = `${name}.attention.self.relative_position_bias_table`;
  const bias = windowBias(g, table, window, shape.heads);
  const mask = layout.mask ? forBatch(g, add(g, layout.mask, bias), sizeOf(g, before.normed, 0)) : bias;
  const options = { shape, name, names: HTSAT_LAYER, storage: storage.linear, mask };
  const attended = reshape(g, selfAttention(g, apart, options), [-1, side ** 2, shape.hidden]);
  const delta = gather(g, attended, layout.back, 1);
  return addFeedForward(g, { residual: before.sum, delta }, options);
}

/** The biases of all windows, for each item of a batch: [windows, heads, cells, cells] -> [batch * windows, ...]. */
function forBatch(g: GraphBuilder, bias: Value, batch: Value): Value {
  const [windows = 1, ...rest] = bias.dims.map(Number);
  const shape = concat(g, [batch, g.integers([windows, ...rest])], 0);
  const all = expand(g, reshape(g, bias, [1, windows, ...rest]), shape, ['batch', windows, ...rest]);
  return reshape(g, all, [-1, ...rest]);
}

/** Four neighbours become one cell of twice the width: [batch, cells, hidden] -> [batch, cells / 4, 2 * hidden]. */
function mergeCells(g: GraphBuilder, cells: Value, { side, shape }: ClapStage, at: number, storage: Storage): Value {
  const order = indexWeights(g, `merge.${at}.order`, () => mergeOrder(side), side ** 2);
  const wide = 4 * shape.hidden;
  const merged = reshape(g, gather(g, cells, order, 1), [0, side ** 2 / 4, wide]);
  const name = `${ENCODER}.layers.${at}.downsample`;
  const layers = [{ name: `${name}.reduction`, outputs: 2 * shape.hidden }];
  return linear(
    g,
    layerNorm(g, merged, `${name}.norm`, NORM_EPSILON),
    { inputs: wide, layers, bias: false },
    storage.linear,
  );
}
