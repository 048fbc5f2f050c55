import { describe, expect, it } from 'vitest';
import { exportedTasks, isExported, stemsOf } from './exported.ts';
import { type ChoiceSetting, chooseFile, type GraphDtype, graphBytes, graphFiles, recommendedDtype } from './layout.ts';
import { expectedFiles, missingBytes, usableFiles } from './model-files.ts';

const setting = (changes: Partial<ChoiceSetting> = {}): ChoiceSetting => ({
  device: 'wasm',
  half: false,
  large: false,
  ...changes,
});

describe('files of graphs', () => {
  it('tell their graph and how it is stored by their names', () => {
    expect(
      graphFiles(['model.onnx', 'onnx/decoder_model_merged_q4f16.onnx', 'onnx/model_quantized.onnx', 'x.json']),
    ).toEqual([
      { path: 'model.onnx', stem: 'model', dtype: 'fp32' },
      { path: 'onnx/decoder_model_merged_q4f16.onnx', stem: 'decoder_model_merged', dtype: 'q4f16' },
      { path: 'onnx/model_quantized.onnx', stem: 'model', dtype: 'q8' },
    ]);
  });

  const all = ['', '_fp16', '_int8', '_uint8', '_quantized', '_q4', '_q4f16', '_bnb4'].map(
    (suffix) => `onnx/m${suffix}.onnx`,
  );
  const choose = (paths: readonly string[], changes: Partial<ChoiceSetting>): GraphDtype | undefined =>
    chooseFile(graphFiles(paths), setting(changes))?.dtype;

  it.each<[string, Partial<ChoiceSetting>, GraphDtype]>([
    ['the processor', {}, 'q8'],
    ['a graphics device', { device: 'webgpu' }, 'fp32'],
    ['a graphics device with halves', { device: 'webgpu', half: true }, 'fp32'],
    ['a large decoder on a graphics device', { device: 'webgpu', large: true }, 'q4'],
    ['a large decoder on one with halves', { device: 'webgpu', half: true, large: true }, 'q4f16'],
    ['who asks for 4 bits', { precision: 'q4' }, 'q4f16'],
    ['who asks for 4 bits without halves', { device: 'webgpu', precision: 'q4' }, 'q4'],
    ['who asks for float32', { precision: 'fp32' }, 'fp32'],
    ['a recommendation', { recommended: 'q4' }, 'q4'],
    ['a recommendation that does not run there', { device: 'webgpu', recommended: 'q4f16' }, 'fp32'],
    ['a recommendation of halves for the processor', { recommended: 'fp16' }, 'q8'],
  ])('are chosen for %s', (_, changes, dtype) => {
    expect(choose(all, changes)).toBe(dtype);
  });

  it('are not chosen where none runs', () => {
    expect(choose(['m_fp16.onnx', 'm_q4f16.onnx'], { device: 'webgpu' })).toBeUndefined();
    expect(choose(['m_fp16.onnx'], {})).toBe('fp16');
  });

  it('may be recommended by config.json, for all graphs or each', () => {
    const config = (dtype: unknown) => ({ 'transformers.js_config': { dtype } });
    expect(recommendedDtype(config('q4'), 'model')).toBe('q4');
    expect(recommendedDtype(config({ model: 'fp16', other: 'q8' }), 'model')).toBe('fp16');
    for (const wrong of [undefined, {}, config('mystery'), config(7), config({ model: [] }), 'text']) {
      expect(recommendedDtype(wrong, 'model')).toBeUndefined();
    }
  });
});

describe('what of a repository is used', () => {
  const weights = ['config.json', 'model.safetensors', 'onnx/model.onnx', 'onnx/model.onnx_data'];
  const files = (paths: readonly string[]) => paths.map((path) => ({ path, bytes: 10 }));
  const used = (paths: readonly string[], config: unknown) => usableFiles(files(paths), config).map(({ path }) => path);

  it('is the checkpoint of a known class', () => {
    expect(used(weights, { model_type: 'bert' })).toEqual(['config.json', 'model.safetensors']);
    expect(isExported(weights, { model_type: 'bert' })).toBe(false);
  });

  it('is its graphs where the class is not known, or there is nothing else', () => {
    expect(used(weights, { model_type: 'mystery' })).toEqual([
      'config.json',
      'onnx/model.onnx',
      'onnx/model.onnx_data',
    ]);
    expect(used(['model.onnx', 'a.weight'], undefined)).toEqual(['model.onnx', 'a.weight']);
    expect(isExported(['config.json'], { model_type: 'mystery' })).toBe(false);
  });

  it('is one file of each graph', () => {
    const all = [
      { path: 'config.json', bytes: 1 },
      { path: 'onnx/a.onnx', bytes: 10 },
      { path: 'onnx/a.onnx_data', bytes: 1000 },
      { path: 'onnx/a_quantized.onnx', bytes: 300 },
      { path: 'onnx/a_q4f16.onnx', bytes: 500 },
      { path: 'onnx/b.onnx', bytes: 20 },
      { path: 'onnx/b.weight', bytes: 7 },
    ];
    const nothing = () => false;
    // On the processor 300, on graphics devices 1010, or 500 with halves.
    expect(missingBytes(all, nothing)).toBe(1 + 1010 + 20 + 7);
    const here = (paths: readonly string[]) => (file: { path: string }) => paths.includes(file.path);
    expect(missingBytes(all, here(['onnx/a_quantized.onnx']))).toBe(1 + 20 + 7);
    expect(missingBytes(all, here(['onnx/a.onnx']))).toBe(1 + 1000 + 20 + 7);
    expect(expectedFiles(all, here(['onnx/a_q4f16.onnx'])).map(({ path }) => path)).not.toContain(
      'onnx/a_quantized.onnx',
    );
    expect(graphBytes(all, 'onnx/a.onnx')).toBe(1010);
  });
});

describe('tasks of exported graphs', () => {
  const tasks = (
    architecture: string | undefined,
    stems: readonly string[],
    more: object = {},
    files: readonly string[] = [],
  ) =>
    exportedTasks({ ...(architecture && { architectures: [architecture] }), ...more }, [
      ...stems.map((stem) => `onnx/${stem}.onnx`),
      ...files,
    ]);

  it.each([
    ['DistilBertForSequenceClassification', ['model_quantized'], { 'text-classification': ['text'] }],
    ['DeiTForImageClassification', ['model'], { 'image-classification': ['vision'] }],
    ['YolosForObjectDetection', ['model'], { 'object-detection': ['vision'] }],
    ['HubertForCTC', ['model'], { 'automatic-speech-recognition': ['audio'] }],
    ['GPT2LMHeadModel', ['decoder_model_merged'], { 'text-generation': ['decoder'] }],
    ['PhiForCausalLM', ['model_q4'], { 'text-generation': ['decoder'] }],
    [
      'BartForConditionalGeneration',
      ['encoder_model', 'decoder_model_merged'],
      { 'text2text-generation': ['encoder', 'decoder'] },
    ],
    ['BartForConditionalGeneration', ['encoder_model'], {}],
    ['GPT2LMHeadModel', ['decoder_model'], {}],
    ['DistilBertForSequenceClassification', ['decoder_model_merged'], {}],
    [undefined, ['model'], {}],
  ])('%s in %j', (architecture, stems, expected) => {
    expect(tasks(architecture, stems)).toEqual(expected);
  });

  it('are told from other files where the head does not tell', () => {
    expect(tasks('MiniModel', ['model'], {}, ['tokenizer.json'])).toEqual({ 'feature-extraction': ['text'] });
    expect(tasks('SwinModel', ['model'], {}, ['preprocessor_config.json'])).toEqual({
      'image-feature-extraction': ['vision'],
    });
    expect(tasks('CLIPModel', ['model', 'text_model', 'vision_model'], { model_type: 'clip' })).toEqual({
      'zero-shot-image-classification': ['joint'],
      'image-feature-extraction': ['vision'],
      'feature-extraction': ['text'],
    });
    expect(tasks('CLIPModel', ['text_model'], { model_type: 'clip' })).toEqual({ 'feature-extraction': ['text'] });
  });

  it('need all graphs of a decoder', () => {
    const stems = (...names: string[]) =>
      stemsOf(
        names.map((name) => `onnx/${name}.onnx`),
        'decoder',
      );
    expect(stems('decoder_model', 'decoder_with_past_model', 'decoder_model_merged')).toEqual(['decoder_model_merged']);
    expect(stems('decoder_model', 'decoder_with_past_model_q4')).toEqual(['decoder_model', 'decoder_with_past_model']);
    expect(stems('decoder_model')).toBeUndefined();
  });

  it.each([undefined, null, 7, { architectures: 'x' }, { model_type: [] }])(
    'are none where config.json says %j',
    (config) => {
      expect(exportedTasks(config, ['model.onnx'])).toEqual({});
    },
  );
});
