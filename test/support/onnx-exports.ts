import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import type { Emit } from '../../offscreen/families/family.ts';
import { storageOf } from '../../offscreen/graphs/graph.ts';
import type { GoldenModel } from './golden.ts';
import { materialize } from './node-graphs.ts';
import { type ExportedModel, int64, integer, node, type Shape, value } from './onnx-graphs.ts';

const { onnx } = onnxProto;
const { DataType } = onnx.TensorProto;
const { AttributeType } = onnx.AttributeProto;

/** A graph of a reference model with its weights inside, as exporters write them. */
export async function exportGraph({ config, table, reader }: GoldenModel, emit: Emit): Promise<ExportedModel> {
  const emitted = emit(config, table, storageOf('fp32'));
  const files = new Map((await materialize(emitted, reader)).map(({ path, data }) => [path, data]));
  const { opsetImport, graph } = onnx.ModelProto.decode(emitted.model);
  return {
    opsetImport,
    inputs: graph?.input ?? [],
    outputs: graph?.output ?? [],
    nodes: graph?.node ?? [],
    weights: (graph?.initializer ?? []).map((weight) => {
      const entries = new Map(weight.externalData?.map(({ key, value }) => [key, value]));
      const file = files.get(entries.get('location') ?? '');
      if (!file) return weight;
      const offset = Number(entries.get('offset'));
      const { name, dims, dataType } = weight;
      return {
        name,
        dims,
        dataType,
        rawData: file.subarray(offset, offset + Number(entries.get('length'))),
      } as Onnx.ITensorProto;
    }),
  };
}

/** How a decoder is exported. */
export interface DecoderExport {
  /** `first` begins a text, `next` goes on with it, `both` does either, in two branches or, without an encoder, in one. */
  readonly part: 'first' | 'next' | 'both' | 'merged';
  /** The graph that makes keys and values of an encoder's states, for decoders that have one. */
  readonly cross?: ExportedModel;
}

/** Our own decoder with the inputs and outputs that Optimum gives one. */
export function exportDecoder(decoder: ExportedModel, { part, cross }: DecoderExport): ExportedModel {
  const names = namesOf(decoder, cross !== undefined);
  const own = (which: 'past' | 'present' | 'cross') => [...names].filter(([name]) => name.startsWith(`${which}.`));
  const renamedCross = cross && prefixed(cross, 'x/');
  const shapeOf = (name: string): Shape => {
    const found = [...decoder.inputs, ...decoder.outputs].find((one) => one.name === name);
    return (found?.type?.tensorType?.shape?.dim ?? []).map(({ dimValue, dimParam }) => dimParam || Number(dimValue));
  };
  const vocabulary = shapeOf('logits').at(-1) ?? 0;
  const masked = decoder.inputs.some(({ name }) => name === 'encoder_attention_mask');
  const takesPast = part !== 'first';
  const givesCross = cross !== undefined && part !== 'next';

  const inputs = [
    value('input_ids', DataType.INT64, ['batch_size', 'sequence_length']),
    ...(cross
      ? []
      : [
          value('attention_mask', DataType.INT64, ['batch_size', 'past_sequence_length + 1']),
          value('position_ids', DataType.INT64, ['batch_size', 'sequence_length']),
        ]),
    ...(masked ? [value('encoder_attention_mask', DataType.INT64, ['batch_size', 'encoder_sequence_length'])] : []),
    ...(givesCross
      ? [value('encoder_hidden_states', DataType.FLOAT, ['batch_size', 'encoder_sequence_length', hiddenOf(cross)])]
      : []),
    ...(takesPast
      ? [...own('past'), ...own('cross')].map(([name, exported]) =>
          value(exported, DataType.FLOAT, pastShape(shapeOf(name))),
        )
      : []),
    ...(part === 'merged' ? [value('use_cache_branch', DataType.BOOL, [1])] : []),
  ];
  const present = (name: string) => name.replace('past_key_values', 'present');
  const outputs = [
    value('logits', DataType.FLOAT, ['batch_size', 'sequence_length', vocabulary]),
    ...own('present').map(([name, exported]) => value(exported, DataType.FLOAT, pastShape(shapeOf(name)))),
    ...(givesCross
      ? own('cross').map(([name, exported]) => value(present(exported), DataType.FLOAT, pastShape(shapeOf(name))))
      : []),
  ];

  /** Nodes that compute everything, with a past or without. */
  function body(withPast: boolean, suffix: string): Onnx.INodeProto[] {
    const before = withPast ? pastLength(own('past')[0]?.[1] ?? '') : [node('Identity', ['zero'], ['past_length'])];
    const makesCross = cross !== undefined && !withPast;
    const rename = (name: string): string => {
      const exported = names.get(name) ?? name;
      if (name.startsWith('cross.')) return withPast ? exported : `x/${name}`;
      if (name.startsWith('past.') && !withPast) return `empty/${name}`;
      if (name.startsWith('present.')) return `${exported}${suffix}`;
      return name === 'logits' ? 'logits/rows' : exported;
    };
    const empties = withPast ? [] : own('past').map(([name]) => emptyOf(`empty/${name}`, shapeOf(name)));
    const passed = own('cross').map(([name, exported]) =>
      makesCross
        ? node('Identity', [`x/${name}`], [`${present(exported)}${suffix}`])
        : emptyOf(`${present(exported)}${suffix}`, shapeOf(name)),
    );
    return [
      ...before,
      ...places(cross === undefined),
      ...empties,
      ...(makesCross ? (renamedCross?.nodes ?? []) : []),
      ...decoder.nodes.map((one) => ({
        ...one,
        input: one.input?.map(rename) ?? [],
        output: one.output?.map(rename) ?? [],
      })),
      node('Unsqueeze', ['logits/rows', 'axis 0'], [`logits${suffix}`]),
      ...(givesCross ? passed : []),
    ];
  }

  const constants = [
    int64('zero', [1], 0),
    int64('scalar 0', [], 0),
    int64('scalar 1', [], 1),
    int64('axis 0', [1], 0),
    int64('axis 1', [1], 1),
    int64('axis 2', [1], 2),
    int64('axis 3', [1], 3),
  ];
  const model = {
    opsetImport: decoder.opsetImport,
    inputs,
    outputs,
    weights: [...decoder.weights, ...(renamedCross?.weights ?? []), ...constants],
  };
  if (part !== 'merged') return { ...model, nodes: body(takesPast, '') };
  const branch = (name: string, withPast: boolean): Onnx.IAttributeProto => ({
    name,
    type: AttributeType.GRAPH,
    g: {
      name,
      node: body(withPast, '/branch'),
      output: outputs.map((output) => ({ ...output, name: `${output.name}/branch` })),
    },
  });
  const choose = node(
    'If',
    ['use_cache_branch'],
    outputs.map(({ name }) => name ?? ''),
    [branch('then_branch', true), branch('else_branch', false)],
  );
  return { ...model, nodes: [choose] };
}

/** What Optimum calls the caches of a decoder. */
function namesOf({ inputs, outputs }: ExportedModel, hasEncoder: boolean): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { name = '' } of [...inputs, ...outputs]) {
    const [, kind, layer, part] = /^(past|present|cross)\.(\d+)\.(key|value)$/.exec(name ?? '') ?? [];
    if (!kind || !name) continue;
    const owner = hasEncoder ? (kind === 'cross' ? 'encoder.' : 'decoder.') : '';
    names.set(name, `${kind === 'present' ? 'present' : 'past_key_values'}.${layer}.${owner}${part}`);
  }
  return names;
}

/** Both towers of CLIP and their product in one graph, as Optimum exports the model as a whole. */
export function exportClip(text: ExportedModel, vision: ExportedModel): ExportedModel {
  const other = prefixed(vision, 'v/');
  return {
    opsetImport: text.opsetImport,
    inputs: [...text.inputs, ...other.inputs],
    outputs: [value('logits_per_image', DataType.FLOAT, ['image_batch_size', 'text_batch_size'])],
    weights: [...text.weights, ...other.weights],
    nodes: [
      ...text.nodes,
      ...other.nodes,
      node('Transpose', ['text_embeds'], ['columns']),
      node('MatMul', ['v/image_embeds', 'columns'], ['cosines']),
      node('Mul', ['cosines', 'logit_scale'], ['logits_per_image']),
    ],
  };
}

function prefixed(model: ExportedModel, prefix: string): ExportedModel {
  const given = new Set(model.inputs.map(({ name }) => name));
  const rename = (name: string) => (name === '' || given.has(name) ? name : prefix + name);
  return {
    ...model,
    nodes: model.nodes.map((one) => ({
      ...one,
      name: prefix + one.name,
      input: one.input?.map(rename) ?? [],
      output: one.output?.map(rename) ?? [],
    })),
    weights: model.weights.map((weight) => ({ ...weight, name: rename(weight.name ?? '') })),
  };
}

const hiddenOf = ({ inputs }: ExportedModel): number =>
  Number(inputs.find(({ name }) => name === 'encoder_hidden_states')?.type?.tensorType?.shape?.dim?.[2]?.dimValue);

const pastShape = ([, heads = 1, , size = 1]: Shape): Shape => ['batch_size', heads, 'past_sequence_length', size];

const emptyOf = (name: string, [, heads, , size]: Shape): Onnx.INodeProto =>
  node(
    'Constant',
    [],
    [name],
    [
      {
        name: 'value',
        type: AttributeType.TENSOR,
        t: { dims: [1, Number(heads), 0, Number(size)], dataType: DataType.FLOAT, rawData: new Uint8Array(0) },
      },
    ],
  );

const pastLength = (past: string): Onnx.INodeProto[] => [
  node('Shape', [past], ['past_shape']),
  node('Slice', ['past_shape', 'axis 2', 'axis 3', 'axis 0'], ['past_length']),
];

/** Inputs of our own decoders, from those of exported ones. */
function places(fromMask: boolean): Onnx.INodeProto[] {
  const [to32, to64] = [[integer('to', DataType.INT32)], [integer('to', DataType.INT64)]];
  return [
    node('Shape', ['input_ids'], ['ids_shape']),
    node('Slice', ['ids_shape', 'axis 1', 'axis 2', 'axis 0'], ['new_length']),
    node('Squeeze', ['new_length', 'axis 0'], ['new_count']),
    node('Range', ['scalar 0', 'new_count', 'scalar 1'], ['logit_positions']),
    ...(fromMask
      ? [
          // The mask is as long as the text, and ones; the last position is that of the last token.
          node('ReduceSum', ['attention_mask', 'axis 1'], ['mask_sum'], [integer('keepdims', 0)]),
          node('Cast', ['mask_sum'], ['total_tokens'], to32),
          node(
            'ReduceMax',
            ['position_ids'],
            ['last_place'],
            [{ name: 'axes', type: AttributeType.INTS, ints: [1] }, integer('keepdims', 0)],
          ),
          node('Cast', ['last_place'], ['last_position'], to32),
        ]
      : [
          node('Add', ['past_length', 'new_length'], ['total_long']),
          node('Cast', ['total_long'], ['total_tokens'], to32),
          node('Sub', ['total_long', 'axis 1'], ['last_place']),
          node('Cast', ['last_place'], ['last_position'], to32),
        ]),
    node('Cast', ['new_count'], ['unused'], to64),
  ];
}
