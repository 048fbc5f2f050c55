import { describe, expect, it } from 'vitest';
import { externalFiles } from './external.ts';

const PATHS = ['config.json', 'onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/parts/a.weight', 'weights.bin'];

describe('files of weights', () => {
  it('lie in the folder of the graph', () => {
    expect(externalFiles('onnx/model.onnx', ['model.onnx_data', './parts/a.weight'], PATHS)).toEqual([
      { location: 'model.onnx_data', path: 'onnx/model.onnx_data' },
      { location: './parts/a.weight', path: 'onnx/parts/a.weight' },
    ]);
    expect(externalFiles('model.onnx', ['weights.bin'], PATHS)).toEqual([
      { location: 'weights.bin', path: 'weights.bin' },
    ]);
  });

  it.each([
    '../config.json',
    '../../etc/passwd',
    'a/../../config.json',
    '/etc/passwd',
    'C:\\secret',
    'c:/secret',
    '..\\config.json',
    'parts\\a.weight',
    'a\0b',
    '..',
  ])('may not be %j', (location) => {
    expect(() => externalFiles('onnx/model.onnx', [location], PATHS)).toThrow(
      expect.objectContaining({ code: 'model-corrupt' }),
    );
  });

  it.each(['', '.', './', 'https://host/x', 'a//b', 'a..b', '.hidden', 'x'.repeat(300), 'a b'])(
    'is not called %j',
    (location) => {
      expect(() => externalFiles('onnx/model.onnx', [location], PATHS)).toThrow(
        expect.objectContaining({ code: 'model-unsupported' }),
      );
    },
  );

  it.each(['other.bin', 'config.json', 'onnx/model.onnx_data'])('has to be there: %s', (location) => {
    expect(() => externalFiles('onnx/model.onnx', [location], PATHS)).toThrow(
      expect.objectContaining({ code: 'model-corrupt', data: { reason: expect.stringContaining('has no') } }),
    );
  });
});
