import { describe, expect, it } from 'vitest';
import { runTimeFiles } from './model-files.ts';

const kept = (...paths: string[]): string[] => runTimeFiles(paths.map((path) => ({ path }))).map(({ path }) => path);

describe('files that a model may need', () => {
  it('are those of a checkpoint, and graphs', () => {
    expect(
      kept(
        'config.json',
        'model.safetensors',
        'pytorch_model.bin',
        'README.md',
        'onnx/model.onnx',
        'onnx/model.onnx_data',
      ),
    ).toEqual(['config.json', 'model.safetensors', 'onnx/model.onnx', 'onnx/model.onnx_data']);
  });

  it('are whatever lies beside a graph and may hold its weights, where there is no checkpoint', () => {
    const weights = ['model.onnx', 'model.onnx.data', 'weights.bin', 'encoder.layer.0.weight', 'onnx__MatMul_7'];
    const others = [
      'README.md',
      'setup.py',
      'payload.exe',
      'pytorch_model.bin',
      'training_args.bin',
      'other/weights.bin',
    ];
    expect(kept(...weights, ...others)).toEqual(weights);
    expect(kept('model.safetensors', ...weights)).toEqual(['model.safetensors', 'model.onnx', 'model.onnx.data']);
    expect(kept('config.json', 'weights.bin'), 'no graph').toEqual(['config.json']);
  });

  it('never lead out', () => {
    expect(kept('model.onnx', '../weights.bin', '/weights.bin', 'C:\\weights', 'a/../b', '.hidden', 'w\0')).toEqual([
      'model.onnx',
    ]);
  });
});
