import { expect, it } from 'vitest';
import { familyOf } from '../families/registry.ts';
import { hardwareOf } from './model-hardware.ts';

const of = (config: object, weightBytes: number) => hardwareOf(familyOf(config), config, weightBytes);
const bytesOf = ({ precisions }: ReturnType<typeof of>) =>
  Object.fromEntries(precisions.map(({ precision, bytes }) => [precision, bytes]));

it('tells what 7 billion parameters take, and how they are best stored', () => {
  const hardware = of({ model_type: 'mistral', torch_dtype: 'bfloat16' }, 14.48e9);
  expect(hardware).toMatchObject({ parameters: 7.24e9, recommended: { precision: 'q4', backends: ['webgpu'] } });
  expect(bytesOf(hardware)).toEqual({ fp32: 28.96e9, fp16: 14.48e9, q8: 8.145e9, q4: 3.84625e9 });
});

it('keeps encoders exact where they are small, and on every backend', () => {
  expect(of({ model_type: 'bert' }, 440e6)).toMatchObject({
    family: 'bert',
    parameters: 110e6,
    components: ['text'],
    recommended: { precision: 'fp32', backends: ['webgpu', 'wasm'] },
  });
  expect(of({ model_type: 'vit' }, 4e9).recommended.precision).toBe('q8');
});

it('finds the type of parameters where models of several parts have it', () => {
  expect(of({ model_type: 'llava', text_config: { torch_dtype: 'float16' } }, 2e9)).toMatchObject({
    parameters: 1e9,
    components: ['vision', 'embedding', 'decoder'],
  });
  expect(of({ model_type: 'qwen3', dtype: 'bfloat16' }, 2e9).parameters).toBe(1e9);
});

it('tells how little a decoder takes whose layers are read as they are needed, and that others cannot be', () => {
  const layers = {
    num_hidden_layers: 32,
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_attention_heads: 32,
    num_key_value_heads: 8,
  };
  // 262 million parameters of tables in 8 bits, and two of 32 layers of 218 million in 4.
  const { streamedBytes = 0 } = of({ model_type: 'mistral', torch_dtype: 'bfloat16', ...layers }, 14.48e9);
  expect(streamedBytes / 1e6).toBeCloseTo(262 * 1.125 + 2 * 218 * 0.53125, -1);
  expect(
    of({ model_type: 'llava', torch_dtype: 'bfloat16', text_config: layers }, 15.2e9).streamedBytes,
  ).toBeGreaterThan(streamedBytes);
  expect(of({ model_type: 't5', ...layers }, 2e9).streamedBytes).toBeUndefined();
  expect(of({ model_type: 'bert', ...layers }, 2e9).streamedBytes).toBeUndefined();
  expect(of({ model_type: 'mistral' }, 2e9).streamedBytes).toBeUndefined();
});
