import type { InferenceSession } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { itStaysClose } from '../../test/support/deviation.ts';
import { floatsOf, type GoldenCase, openGolden, runGraph } from '../../test/support/golden.ts';
import { openNodeSession } from '../../test/support/node-graphs.ts';
import { emitDetr } from './detr.ts';
import { storageOf } from './graph.ts';

const { config, table, reader, forward, caseOf, feed, difference } = await openGolden('detr');

const run = async (session: InferenceSession, { inputs }: GoldenCase) =>
  runGraph(session, { pixel_values: await feed(inputs.pixel_values), pixel_mask: await feed(inputs.pixel_mask) });

describe('DETR on another implementation of the operators', () => {
  let session: InferenceSession;
  beforeAll(async () => {
    session = await openNodeSession(emitDetr(config, table, storageOf('fp32')), reader);
  });

  it.each(forward)('computes the reference boxes, logits and states: $name', async (golden) => {
    const result = await run(session, golden);
    for (const [name, expected] of Object.entries(golden.outputs)) {
      expect(await difference(result[name], expected), name).toBeLessThan(expected.atol ?? 0);
    }
  });
});

describe('DETR with its weights stored in fewer bits', () => {
  // Noise, because attention in the image of one color jumps to other places for any change of weights.
  const golden = caseOf('noise');
  itStaysClose('an object', {
    table,
    reader,
    emit: (storage) => emitDetr(config, table, storage),
    run: async (session) => floatsOf((await run(session, golden)).last_hidden_state),
    // Four a layer of the encoder and seven of the decoder.
    products: 22,
  });
});

/** The names that timm has for parameters of a ResNet. */
function timmName(name: string): string {
  const inside = name
    .replace(/embedder\.embedder\.convolution/, 'conv1')
    .replace(/embedder\.embedder\.normalization/, 'bn1')
    .replace(/encoder\.stages\.(\d)\.layers/, (_, stage) => `layer${Number(stage) + 1}`)
    .replace(/layer\.(\d)\.convolution/, (_, at) => `conv${Number(at) + 1}`)
    .replace(/layer\.(\d)\.normalization/, (_, at) => `bn${Number(at) + 1}`)
    .replace('shortcut.convolution', 'downsample.0')
    .replace('shortcut.normalization', 'downsample.1');
  return name.startsWith('model.backbone.') ? inside : name;
}

it('reads a backbone under the names of timm, where the checkpoint has those', async () => {
  const names = new Map(table.names().map((name) => [timmName(name), name]));
  const old = (name: string) => names.get(name) ?? '';
  const params = { get: (name: string) => table.get(old(name)), names: () => [...names.keys()] };
  expect(params.names()).toContain('model.backbone.conv_encoder.model.layer4.0.downsample.1.running_var');
  const session = await openNodeSession(emitDetr(config, params, storageOf('fp32')), {
    rows: (name, from, to) => reader.rows(old(name), from, to),
  });
  const golden = caseOf('noise');
  const expected = golden.outputs.pred_boxes;
  if (!expected) throw new Error('The case has no boxes.');
  expect(await difference((await run(session, golden)).pred_boxes, expected)).toBeLessThan(expected.atol ?? 0);
});

it('keeps the weights of each layer and of each stage in a part of its own', () => {
  const { parts } = emitDetr(config, table, storageOf('fp32'));
  expect(parts.map(({ name }) => name)).toEqual([
    'backbone.stem',
    ...[0, 1, 2, 3].map((stage) => `backbone.stage.${stage}`),
    'projection',
    ...[0, 1].map((layer) => `encoder.layer.${layer}`),
    'queries',
    ...[0, 1].map((layer) => `decoder.layer.${layer}`),
    'heads',
  ]);
});

describe('a config that cannot be', () => {
  const withBackbone = (change: object) => ({ backbone_config: { ...config.backbone_config, ...change } });
  it.each([
    [{ d_model: 'wide' }, 'model-corrupt'],
    [{ d_model: 64 }, 'model-corrupt'],
    [{ d_model: 49, encoder_attention_heads: 1, decoder_attention_heads: 1 }, 'model-corrupt'],
    [{ decoder_attention_heads: 5 }, 'model-corrupt'],
    [{ encoder_layers: 3 }, 'model-corrupt'],
    [{ num_queries: 11 }, 'model-corrupt'],
    [{ id2label: { 0: 'cat' } }, 'model-corrupt'],
    [withBackbone({ depths: [1, 1, 1] }), 'model-corrupt'],
    [withBackbone({ depths: [1, 1, 1, 2] }), 'model-corrupt'],
    [withBackbone({ hidden_sizes: [] }), 'model-corrupt'],
    [withBackbone({ num_channels: 1 }), 'model-corrupt'],
    // The backbone of the library's defaults is another one than the checkpoint's.
    [{ backbone_config: null }, 'model-corrupt'],
    [{ backbone_config: null, use_timm_backbone: true, backbone: 'resnet18' }, 'model-corrupt'],
    [{ backbone_config: null, use_timm_backbone: true, backbone: 'swin_tiny' }, 'model-unsupported'],
    [{ backbone_config: { model_type: 'timm_backbone', backbone: 'convnext' } }, 'model-unsupported'],
    [withBackbone({ model_type: 'swin' }), 'model-unsupported'],
    [withBackbone({ layer_type: 'dense' }), 'model-unsupported'],
    [withBackbone({ out_features: ['stage3'] }), 'model-unsupported'],
    [withBackbone({ hidden_act: 'mystery' }), 'model-unsupported'],
    [{ position_embedding_type: 'learned' }, 'model-unsupported'],
    [{ dilation: true }, 'model-unsupported'],
    [{ activation_function: 'mystery' }, 'model-unsupported'],
  ])('is refused: %#', (change, code) => {
    expect(() => emitDetr({ ...config, ...change }, table, storageOf('fp32'))).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
