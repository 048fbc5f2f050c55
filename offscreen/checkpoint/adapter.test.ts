import { describe, expect, it } from 'vitest';
import { filled, type MadeParam } from '../../test/support/changed-params.ts';
import { writeSafetensors } from '../../test/support/write-safetensors.ts';
import { openAdapter } from './adapter.ts';
import { parseAdapterConfig } from './adapter-config.ts';
import { bytesOfBlob } from './model-bytes.ts';
import { openParams } from './params.ts';

const LORA = { peft_type: 'LORA', r: 4, lora_alpha: 8 };
const BASE = {
  'model.layers.0.q_proj.weight': filled([6, 8], 1),
  'model.layers.0.norm.weight': filled([8], 1),
  'bert.pooler.weight': filled([8, 8], 1),
  'classifier.weight': filled([3, 8], 1),
  'classifier.bias': filled([3], 1),
  'lm_head.weight': filled([2000, 8], 1),
};

const bytesOf = (params: Readonly<Record<string, MadeParam>>) => bytesOfBlob(new Blob([writeSafetensors(params)]));
async function openWith(params: Readonly<Record<string, MadeParam>>, config: object = LORA) {
  const { table } = await openParams(new Map([['model.safetensors', bytesOf(BASE)]]));
  return openAdapter(bytesOf(params), parseAdapterConfig(config), table);
}
const pair = (layer: string, [outputs, inputs]: readonly [number, number], rank = 4) => ({
  [`base_model.model.${layer}.lora_A.weight`]: filled([rank, inputs], 1),
  [`base_model.model.${layer}.lora_B.weight`]: filled([outputs, rank], 1),
});

describe('the weights of an adapter', () => {
  it('are found by the layers that they change, whatever the class of the model put before them', async () => {
    const { changes } = await openWith({
      ...pair('model.layers.0.q_proj', [6, 8]),
      ...pair('pooler', [8, 8], 2),
      'base_model.model.classifier.modules_to_save.default.weight': filled([3, 8], 2),
      'base_model.model.classifier.modules_to_save.default.bias': filled([3], 2),
    });
    expect(Object.fromEntries(changes)).toEqual({
      'model.layers.0.q_proj': {
        kind: 'added',
        rank: 4,
        scale: 2,
        down: 'base_model.model.model.layers.0.q_proj.lora_A.weight',
        up: 'base_model.model.model.layers.0.q_proj.lora_B.weight',
      },
      'bert.pooler': expect.objectContaining({ kind: 'added', rank: 2, scale: 4 }),
      classifier: {
        kind: 'replaced',
        weight: 'base_model.model.classifier.modules_to_save.default.weight',
        bias: 'base_model.model.classifier.modules_to_save.default.bias',
      },
    });
  });

  it('are scaled as their configuration says', async () => {
    const scaleOf = async (more: object) => {
      const { changes } = await openWith(pair('model.layers.0.q_proj', [6, 8]), { ...LORA, ...more });
      const change = changes.get('model.layers.0.q_proj');
      return change?.kind === 'added' ? change.scale : undefined;
    };
    expect(await scaleOf({ lora_alpha: 2 })).toBe(0.5);
    expect(await scaleOf({ use_rslora: true })).toBe(4);
    expect(await scaleOf({ alpha_pattern: { q_proj: 16 } })).toBe(4);
    expect(await scaleOf({ alpha_pattern: { proj: 16 } })).toBe(2);
    expect(await scaleOf({ lora_alpha: null, r: null })).toBe(2);
  });

  it.each<[string, Readonly<Record<string, MadeParam>>, string, RegExp]>([
    ['a layer that is not there', pair('model.layers.1.q_proj', [6, 8]), 'model-corrupt', /does not have/],
    ['a layer of another shape', pair('model.layers.0.q_proj', [6, 9]), 'model-corrupt', /do not fit/],
    [
      'half of a pair',
      { 'base_model.model.classifier.lora_A.weight': filled([4, 8], 1) },
      'model-corrupt',
      /do not fit/,
    ],
    ['a rank of nothing', pair('model.layers.0.q_proj', [6, 8], 0), 'model-corrupt', /do not fit/],
    ['an enormous rank', pair('model.layers.0.q_proj', [6, 8], 1025), 'model-unsupported', /at most 1024/],
    ['a vector of scales', pair('model.layers.0.norm', [8, 8]), 'model-corrupt', /do not fit/],
    [
      'a head of another shape',
      { 'base_model.model.classifier.weight': filled([4, 8], 1) },
      'model-corrupt',
      /the shape of the model/,
    ],
    [
      'a head of too many outputs',
      { 'base_model.model.lm_head.weight': filled([2000, 8], 1) },
      'model-unsupported',
      /at most 1024/,
    ],
    [
      'an embedding',
      { 'base_model.model.embed.lora_embedding_A': filled([4, 8], 1) },
      'model-unsupported',
      /Only low-rank changes/,
    ],
    ['names of another program', { 'lora_unet_down.alpha': filled([1], 1) }, 'model-unsupported', /Only low-rank/],
    ['nothing', {}, 'model-corrupt', /changes nothing/],
  ])('with %s are refused', async (_what, params, code, reason) => {
    await expect(openWith(params)).rejects.toMatchObject({ code, data: { reason: expect.stringMatching(reason) } });
  });

  it.each([
    ['that is none', [], 'model-corrupt'],
    ['without a type', {}, 'model-corrupt'],
    ['of another method', { ...LORA, peft_type: 'IA3' }, 'model-unsupported'],
    ['with weight decomposition', { ...LORA, use_dora: true }, 'model-unsupported'],
    ['with biases', { ...LORA, bias: 'all' }, 'model-unsupported'],
    ['of transposed layers', { ...LORA, fan_in_fan_out: true }, 'model-unsupported'],
    ['with a pattern that is run', { ...LORA, alpha_pattern: { '(a+)+$': 1 } }, 'model-unsupported'],
    ['with a scale that is none', { ...LORA, lora_alpha: Number.NaN }, 'model-corrupt'],
  ])('with a configuration %s are refused', async (_what, config, code) => {
    await expect(openWith(pair('model.layers.0.q_proj', [6, 8]), config)).rejects.toMatchObject({ code });
  });
});
