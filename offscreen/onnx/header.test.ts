import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { readOnnxHeader } from './header.ts';

const { onnx } = onnxProto;
const { DataLocation } = onnx.TensorProto;

type Graph = NonNullable<Parameters<typeof onnx.GraphProto.create>[0]>;
const FLOAT = 1;
const tensor = (name: string, dims: (number | string | undefined)[], elemType = FLOAT) => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: {
        dim: dims.map((size) => (typeof size === 'number' ? { dimValue: size } : size ? { dimParam: size } : {})),
      },
    },
  },
});
const weight = (name: string, location?: string) => ({
  name,
  dims: [1],
  dataType: FLOAT,
  ...(location === undefined
    ? { rawData: new Uint8Array(4) }
    : { dataLocation: DataLocation.EXTERNAL, externalData: [{ key: 'location', value: location }] }),
});
const encode = (graph: Graph, more = {}): Uint8Array =>
  onnx.ModelProto.encode({ irVersion: 8, opsetImport: [{ domain: '', version: 17 }], graph, ...more }).finish();
const small: Graph = { input: [tensor('x', ['batch', 3])], output: [tensor('y', ['batch', 3])] };

describe('what an ONNX file declares', () => {
  it('is inputs and outputs with their types and sizes', () => {
    const header = readOnnxHeader(
      encode({
        input: [
          tensor('ids', ['batch', undefined, -1], 7),
          tensor('flag', [1], 9),
          { name: 'any', type: { tensorType: { elemType: 10 } } },
        ],
        output: [tensor('y', [])],
      }),
    );
    expect(header).toEqual({
      inputs: [
        { name: 'ids', element: 'int64', dims: ['batch', '?', '?'] },
        { name: 'flag', element: 'bool', dims: [1] },
        { name: 'any', element: 'float16', dims: undefined },
      ],
      outputs: [{ name: 'y', element: 'float32', dims: [] }],
      external: [],
    });
  });

  it('leaves out inputs that are weights, as old files list them', () => {
    const header = readOnnxHeader(
      encode({ input: [tensor('x', [1]), tensor('w', [1])], initializer: [weight('w')], output: [tensor('y', [1])] }),
    );
    expect(header.inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it('finds files of weights wherever they are named', () => {
    const inner = { initializer: [weight('i', 'inner.bin')], output: [] };
    const node = (attribute: object) => ({ opType: 'If', attribute: [attribute] });
    const bytes = encode({
      ...small,
      initializer: [weight('a', 'a.bin'), weight('b', 'a.bin')],
      sparseInitializer: [{ values: weight('s', 'sparse.bin') }],
      node: [
        node({ name: 'then_branch', g: inner }),
        node({ name: 'many', graphs: [{ node: [node({ name: 'value', t: weight('c', '../up') })] }] }),
        node({ name: 'more', tensors: [weight('d', 'list.bin')] }),
      ],
    } as Graph);
    expect(readOnnxHeader(bytes).external).toEqual(
      expect.arrayContaining(['a.bin', 'sparse.bin', 'inner.bin', '../up', 'list.bin']),
    );
  });
});

describe('files that are refused', () => {
  const whole = encode({ ...small, initializer: [weight('w')] });

  it('when they are cut short, wherever', () => {
    for (let length = 0; length < whole.length; length += 1) {
      const cut = whole.slice(0, length);
      try {
        // What was cut at the end of a field is whole to protobuf; the graph is the last but one.
        expect(readOnnxHeader(cut).outputs).toHaveLength(1);
      } catch (error) {
        expect(error).toMatchObject({ code: 'model-corrupt' });
      }
    }
    expect(() => readOnnxHeader(whole.slice(0, whole.length / 2))).toThrow();
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:0\n')],
    ['JSON', new TextEncoder().encode('{"error":"Not found"}')],
    ['zeros', new Uint8Array(64)],
    ['ones', new Uint8Array(64).fill(255)],
    ['a number without end', Uint8Array.of(8, ...new Uint8Array(16).fill(0x80))],
    ['a length beyond the file', Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f)],
    ['no graph', onnx.ModelProto.encode({ irVersion: 8 }).finish()],
    ['a graph without outputs', encode({ input: [tensor('x', [1])] })],
    ['no version', encode(small, { irVersion: 0 })],
  ])('%s', (_, bytes) => {
    expect(() => readOnnxHeader(bytes)).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
  });

  const nested = (depth: number): object =>
    depth === 0 ? {} : { node: [{ opType: 'If', attribute: [{ name: 'g', g: nested(depth - 1) }] }] };
  it.each<[string, Graph]>([
    ['texts', { ...small, input: [tensor('x', [1], 8)] }],
    ['types that nobody knows', { ...small, output: [tensor('y', [1], 99)] }],
    ['more than tensors', { ...small, input: [{ name: 'x', type: { sequenceType: {} } }] }],
    ['too many dimensions', { ...small, input: [tensor('x', new Array(9).fill(1))] }],
    ['too many inputs', { ...small, input: Array.from({ length: 257 }, (_, at) => tensor(`x${at}`, [1])) }],
    ['a name that every object has', { ...small, output: [tensor('__proto__', [1])] }],
    ['a name with a line break', { ...small, output: [tensor('a\nb', [1])] }],
    ['graphs in graphs without end', { ...small, ...nested(40) }],
  ])('because of %s', (_, graph) => {
    expect(() => readOnnxHeader(encode(graph))).toThrow(expect.objectContaining({ code: 'model-unsupported' }));
  });

  it('because a weight is elsewhere and nobody knows where', () => {
    const lost = { name: 'w', dims: [1], dataType: FLOAT, dataLocation: DataLocation.EXTERNAL };
    expect(() => readOnnxHeader(encode({ ...small, initializer: [lost] }))).toThrow(
      expect.objectContaining({ code: 'model-corrupt' }),
    );
  });
});
