import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createMutex } from '../../../src/shared/mutex.ts';
import { openGolden } from '../../../test/support/golden.ts';
import { type DecoderExport, exportDecoder, exportGraph } from '../../../test/support/onnx-exports.ts';
import { encodeExport } from '../../../test/support/onnx-graphs.ts';
import { emitLlama } from '../../graphs/llama.ts';
import { emitT5Cross, emitT5Decoder, emitT5Encoder } from '../../graphs/t5.ts';
import { exportedShape } from '../../onnx/decoder-io.ts';
import { readOnnxHeader } from '../../onnx/header.ts';
import type { Decoder, DecoderSequence } from '../../tasks/decoder.ts';
import { argmax } from '../../tasks/sampling.ts';
import { createOnnxDecoder } from './onnx-decoder.ts';
import type { OrtModule } from './runtime.ts';

async function open(model: Uint8Array) {
  return {
    header: readOnnxHeader(model),
    session: (await InferenceSession.create(model, { logSeverityLevel: 3 })) as never,
  };
}

async function decoderOf(models: readonly Uint8Array[], config: unknown): Promise<Decoder> {
  const [first, next = first] = await Promise.all(models.map(open));
  if (!first || !next) throw new Error('A decoder has a graph.');
  return createOnnxDecoder({
    ort: { Tensor } as unknown as OrtModule,
    mutex: createMutex(),
    readBack: (work) => work(),
    diagnose: async () => undefined,
    shape: exportedShape({ first: first.header, next: next.header }, config, undefined),
    maxSequences: 2,
    first,
    next,
  });
}

async function greedy(sequence: DecoderSequence, prompt: readonly number[], count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let input = prompt; ids.length < count; input = ids.slice(-1)) {
    ids.push(argmax((await sequence.advance(input)).logits));
  }
  return ids;
}

const PARTS: readonly (readonly [string, readonly DecoderExport['part'][]])[] = [
  ['one graph', ['both']],
  ['one graph of two branches', ['merged']],
  ['two graphs', ['first', 'next']],
];

describe.each(PARTS)('a language model in %s', (_, parts) => {
  it('writes what the reference writes', async () => {
    const golden = await openGolden('llama');
    const own = await exportGraph(golden, emitLlama);
    const decoder = await decoderOf(
      parts.map((part) => encodeExport(exportDecoder(own, { part }))),
      golden.config,
    );
    expect(decoder.shape).toMatchObject({ layers: 2, keyValueHeads: 2, headSize: 16, vocabularySize: 640 });
    const [{ prompt_ids, new_ids }] = golden.golden.generation;
    const [one, other] = await decoder.openAll(2);
    if (!one || !other) throw new Error('Two were asked for.');
    expect(await greedy(one, prompt_ids, new_ids.length)).toEqual(new_ids);
    // Another text at the same time, and then a copy that goes on where the first one is.
    await other.advance(prompt_ids.slice(0, 3));
    other.copyFrom(one);
    const next = new_ids.slice(-1);
    const [after, copied] = [await one.advance(next), await other.advance(next)];
    expect(copied.logits).toEqual(after.logits);
    one.close();
    other.close();
    const again = await decoder.open();
    expect(await greedy(again, prompt_ids, 4)).toEqual(new_ids.slice(0, 4));
  });

  it('gives the logits of positions that are asked for', async () => {
    const golden = await openGolden('llama');
    const own = await exportGraph(golden, emitLlama);
    const decoder = await decoderOf(
      parts.map((part) => encodeExport(exportDecoder(own, { part }))),
      golden.config,
    );
    const [{ prompt_ids }] = golden.golden.generation;
    const [whole, split] = await decoder.openAll(2);
    if (!whole || !split) throw new Error('Two were asked for.');
    const { logits } = await whole.advance(prompt_ids, [2, 5]);
    const third = (await split.advance(prompt_ids.slice(0, 3))).logits;
    expect(logits.slice(0, third.length)).toEqual(third);
    expect(logits).toHaveLength(2 * third.length);
  });
});

describe.each(PARTS.slice(1))('a decoder with an encoder in %s', (_, parts) => {
  it('writes what the reference writes', async () => {
    const golden = await openGolden('t5');
    const [encoder, cross, own] = [
      await exportGraph(golden, emitT5Encoder),
      await exportGraph(golden, emitT5Cross),
      await exportGraph(golden, emitT5Decoder),
    ];
    const decoder = await decoderOf(
      parts.map((part) => encodeExport(exportDecoder(own, { part, cross }))),
      golden.config,
    );
    const session = (await open(encodeExport(encoder))).session as InferenceSession;
    const [{ prompt_ids: ids, new_ids }] = golden.golden.generation;
    const input = new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]);
    const mask = new Tensor('int64', new BigInt64Array(ids.length).fill(1n), [1, ids.length]);
    const { last_hidden_state: states } = await session.run({ input_ids: input, attention_mask: mask });
    const sequence = await decoder.open({ values: states?.data as Float32Array });
    expect(await greedy(sequence, [0], new_ids.length)).toEqual(new_ids);
  });
});
