import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { floatsOf, largestDifference, runGraph } from '../../test/support/golden.ts';
import { openNodeSession } from '../../test/support/node-graphs.ts';
import { createRandom } from '../../test/support/random.ts';
import type { ParamReader, ParamTable } from '../checkpoint/checkpoint.ts';
import { createGraphBuilder } from './build/graph-builder.ts';
import { resnet } from './resnet.ts';
import { parseResnetConfig, timmResnet } from './resnet-config.ts';

/** Feature maps of one image, channel by channel. */
interface Maps {
  readonly size: readonly [channels: number, rows: number, columns: number];
  readonly data: Float64Array;
}

/** A parameter of any name that is asked for, in the shape that it is first asked for in. */
type Values = (name: string, ...dims: number[]) => Float32Array;

/** Random parameters; variances are above zero. */
function makeParams() {
  const made = new Map<string, { shape: number[]; data: Float32Array<ArrayBuffer> }>();
  const random = createRandom(11);
  const values: Values = (name, ...shape) => {
    const spread = name.endsWith('convolution.weight') ? 0.2 : 1;
    const low = name.endsWith('running_var') ? 0.1 : -spread;
    const length = shape.reduce((product, dim) => product * dim, 1);
    const data = Float32Array.from({ length }, () => low + random.next() * 2 * spread);
    made.set(name, { shape, data });
    return data;
  };
  const table: ParamTable = {
    get: (name) => {
      const param = made.get(name);
      return param && { dtype: 'F32', shape: param.shape, file: 'model.safetensors', begin: 0, end: 0 };
    },
    names: () => [...made.keys()],
  };
  const reader: ParamReader = { rows: async (name) => made.get(name)?.data.slice() ?? new Float32Array() };
  return { values, table, reader };
}

/** A convolution and its batch norm, one after the other, by their definitions. */
function convNorm(
  maps: Maps,
  name: string,
  shape: { outputs: number; kernel: number; stride: number },
  of: Values,
): Maps {
  const { outputs, kernel, stride } = shape;
  const [channels, height, width] = maps.size;
  const half = Math.floor(kernel / 2);
  const windows = (size: number) => Math.floor((size + 2 * half - kernel) / stride) + 1;
  const [rows, columns] = [windows(height), windows(width)];
  const weights = of(`${name}.convolution.weight`, outputs, channels, kernel, kernel);
  const [gain, shift, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
    of(`${name}.normalization.${part}`, outputs),
  );
  const at = (c: number, y: number, x: number) =>
    y < 0 || x < 0 || y >= height || x >= width ? 0 : (maps.data[(c * height + y) * width + x] ?? 0);
  const data = new Float64Array(outputs * rows * columns);
  for (let o = 0; o < outputs; o += 1) {
    const scale = (gain?.[o] ?? 0) / Math.sqrt((variance?.[o] ?? 0) + 1e-5);
    for (let place = 0; place < rows * columns; place += 1) {
      const [y, x] = [Math.floor(place / columns) * stride - half, (place % columns) * stride - half];
      let sum = 0;
      for (let i = 0; i < channels * kernel * kernel; i += 1) {
        const [c, dy, dx] = [Math.floor(i / kernel ** 2), Math.floor(i / kernel) % kernel, i % kernel];
        sum += (weights[o * channels * kernel * kernel + i] ?? 0) * at(c, y + dy, x + dx);
      }
      data[o * rows * columns + place] = (sum - (mean?.[o] ?? 0)) * scale + (shift?.[o] ?? 0);
    }
  }
  return { size: [outputs, rows, columns], data };
}
const relu = ({ size, data }: Maps): Maps => ({ size, data: data.map((value) => Math.max(0, value)) });

function maxPool({ size: [channels, height, width], data }: Maps): Maps {
  const [rows, columns] = [Math.floor((height - 1) / 2) + 1, Math.floor((width - 1) / 2) + 1];
  const pooled = Float64Array.from({ length: channels * rows * columns }, (_, i) => {
    const [c, y, x] = [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns];
    let most = Number.NEGATIVE_INFINITY;
    for (let dy = Math.max(0, 2 * y - 1); dy <= Math.min(height - 1, 2 * y + 1); dy += 1) {
      for (let dx = Math.max(0, 2 * x - 1); dx <= Math.min(width - 1, 2 * x + 1); dx += 1) {
        most = Math.max(most, data[(c * height + dy) * width + dx] ?? 0);
      }
    }
    return most;
  });
  return { size: [channels, rows, columns], data: pooled };
}

interface Kind {
  readonly layer_type: 'basic' | 'bottleneck';
  readonly downsample_in_bottleneck: boolean;
  readonly downsample_in_first_stage: boolean;
}
const [STEM, WIDTHS, DEPTHS] = [8, [16, 24], [2, 1]];

function reference(image: Maps, kind: Kind, of: Values): Maps {
  const stem = convNorm(image, 'net.embedder.embedder', { outputs: STEM, kernel: 7, stride: 2 }, of);
  let maps = maxPool(relu(stem));
  for (const [stage, outputs] of WIDTHS.entries()) {
    for (let layer = 0; layer < (DEPTHS[stage] ?? 0); layer += 1) {
      const name = `net.encoder.stages.${stage}.layers.${layer}`;
      const stride = layer === 0 && (stage > 0 || kind.downsample_in_first_stage) ? 2 : 1;
      const early = kind.downsample_in_bottleneck;
      const inner = outputs / 4;
      const convs =
        kind.layer_type === 'basic'
          ? [
              { outputs, kernel: 3, stride },
              { outputs, kernel: 3, stride: 1 },
            ]
          : [
              { outputs: inner, kernel: 1, stride: early ? stride : 1 },
              { outputs: inner, kernel: 3, stride: early ? 1 : stride },
              { outputs, kernel: 1, stride: 1 },
            ];
      const input = maps;
      for (const [at, conv] of convs.entries()) {
        const made = convNorm(maps, `${name}.layer.${at}`, conv, of);
        maps = at < convs.length - 1 ? relu(made) : made;
      }
      const kept =
        stride === 1 && input.size[0] === outputs
          ? input
          : convNorm(input, `${name}.shortcut`, { outputs, kernel: 1, stride }, of);
      maps = relu({ size: maps.size, data: maps.data.map((value, i) => value + (kept.data[i] ?? 0)) });
    }
  }
  return maps;
}

describe('a residual network', () => {
  const [bottleneck, basic] = ['bottleneck', 'basic'] as const;
  const kinds: Kind[] = [
    { layer_type: basic, downsample_in_bottleneck: false, downsample_in_first_stage: false },
    { layer_type: basic, downsample_in_bottleneck: false, downsample_in_first_stage: true },
    { layer_type: bottleneck, downsample_in_bottleneck: false, downsample_in_first_stage: false },
    { layer_type: bottleneck, downsample_in_bottleneck: true, downsample_in_first_stage: true },
  ];

  it.each(kinds)('computes what its definition says: %j', async (kind) => {
    const { values, table, reader } = makeParams();
    const random = createRandom(5);
    const image: Maps = { size: [3, 27, 34], data: Float64Array.from({ length: 3 * 27 * 34 }, random.next) };
    const expected = reference(image, kind, values);

    const g = createGraphBuilder({ name: 'resnet', params: table });
    const pixels = g.input('pixel_values', 'float32', ['batch', 3, 'height', 'width']);
    const config = parseResnetConfig({ embedding_size: STEM, hidden_sizes: WIDTHS, depths: DEPTHS, ...kind });
    g.output(resnet(g, pixels, config, 'net.'), 'maps');
    const session = await openNodeSession(g.finish(), reader);
    const result = await runGraph(session, {
      pixel_values: new Tensor('float32', Float32Array.from(image.data), [1, 3, 27, 34]),
    });
    expect(result.maps?.dims).toEqual([1, ...expected.size]);
    const largest = Math.max(...expected.data);
    expect(largestDifference(floatsOf(result.maps), expected.data) / largest).toBeLessThan(1e-5);
  });
});

describe('a network that a config only names', () => {
  it.each([
    ['resnet18', false, [2, 2, 2, 2]],
    ['resnet34', false, [3, 4, 6, 3]],
    ['resnet50', true, [3, 4, 6, 3]],
    ['resnet101.a1_in1k', true, [3, 4, 23, 3]],
  ] as const)('%s is known', (name, bottleneck, depths) => {
    expect(timmResnet(name, 3)).toMatchObject({ bottleneck, depths, stem: 64, channels: 3 });
  });

  it.each(['resnet50d', 'convnext_tiny', 'toString', ''])('%j is refused', (name) => {
    expect(() => timmResnet(name, 3)).toThrow(expect.objectContaining({ code: 'model-unsupported' }));
  });
});
