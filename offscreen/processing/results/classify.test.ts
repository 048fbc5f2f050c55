import { describe, expect, it } from 'vitest';
import { type GoldenModel, openGolden } from '../../../test/support/golden.ts';
import { parseClassLabels } from './class-labels.ts';
import { classify, classifyByTexts } from './classify.ts';
import type { LabelScore } from './scores.ts';

/** What scores of golden tasks may differ by. */
const SCORE_TOLERANCE = 1e-4;

function expectSame(actual: readonly LabelScore[], expected: readonly LabelScore[]): void {
  expect(actual.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
  for (const [i, { score }] of expected.entries()) {
    expect(Math.abs((actual[i]?.score ?? Number.NaN) - score)).toBeLessThan(SCORE_TOLERANCE);
  }
}

/** Rows of an output of a forward case. */
async function rowsOf(model: GoldenModel, name: string, output: string): Promise<Float32Array[]> {
  const ref = model.caseOf(name).outputs[output];
  const [data, [rows = 0, width = 0]] = [await model.floats(ref), ref?.shape ?? []];
  return Array.from({ length: rows }, (_, row) => data.subarray(row * width, (row + 1) * width));
}

describe('an image or a text', async () => {
  const [vit, bert] = [await openGolden('vit'), await openGolden('bert')];

  it('is of the classes of the reference, from its logits: images', async () => {
    const rows = await rowsOf(vit, 'batch_of_images', 'logits');
    const classes = parseClassLabels(vit.config, 10);
    for (const [i, { result, options }] of vit.golden.tasks.entries()) {
      expectSame(classify(rows[i] ?? new Float32Array(), classes, options.top_k), result);
    }
    expect(rows).toHaveLength(vit.golden.tasks.length);
  });

  it('is of the classes of the reference, from its logits: texts', async () => {
    const rows = await rowsOf(bert, 'batch_padded', 'logits');
    const tasks = bert.golden.tasks.filter(({ task }: { task: string }) => task === 'text-classification');
    const classes = parseClassLabels(bert.config, 3);
    for (const [i, { result }] of tasks.entries()) expectSame(classify(rows[i] ?? new Float32Array(), classes), result);
    expect(rows).toHaveLength(tasks.length);
  });

  const logits = Float32Array.of(0, Math.log(3), Math.log(4));
  const named = (problem_type?: string) =>
    parseClassLabels({ id2label: { 0: 'a', 2: 'c' }, ...(problem_type && { problem_type }) }, 3);

  it('is of one class, unless the model says that classes do not exclude each other', () => {
    const one = [
      { label: 'c', score: 4 / 8 },
      { label: 'LABEL_1', score: 3 / 8 },
      { label: 'a', score: 1 / 8 },
    ];
    expectSame(classify(logits, named()), one);
    expectSame(classify(logits, named('single_label_classification')), one);
    expectSame(classify(logits, named('multi_label_classification')), [
      { label: 'c', score: 4 / 5 },
      { label: 'LABEL_1', score: 3 / 4 },
      { label: 'a', score: 1 / 2 },
    ]);
    expectSame(classify(logits, named('regression'), 1), [{ label: 'c', score: Math.log(4) }]);
  });

  it('is of a class or not, where there is one only', () => {
    expect(classify(Float32Array.of(Math.log(3)), parseClassLabels({}, 1))).toEqual([
      { label: 'LABEL_0', score: expect.closeTo(3 / 4, 6) },
    ]);
  });

  it('has no more classes than are asked for or than there are, equals in their order', () => {
    const same = new Float32Array(3);
    expect(classify(same, named(), 2).map(({ label }) => label)).toEqual(['a', 'LABEL_1']);
    expect(classify(same, named(), 9)).toHaveLength(3);
    for (const topK of [0, -1, 1.5, Number.NaN]) {
      expect(() => classify(same, named(), topK)).toThrow(
        expect.objectContaining({ code: 'invalid-request', data: { field: 'topK' } }),
      );
    }
  });

  it('is of classes also where logits are huge, and of none where they are no numbers', () => {
    expect(classify(Float32Array.of(3e38, -3e38, 1000), named(), 1)).toEqual([{ label: 'a', score: 1 }]);
    const infinite = Float32Array.of(Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY);
    expect(classify(infinite, named(), 1)).toEqual([{ label: 'a', score: 1 }]);
    for (const problem of ['single_label_classification', 'multi_label_classification', 'regression']) {
      expect(() => classify(Float32Array.of(0, Number.NaN, 1), named(problem))).toThrow(
        expect.objectContaining({ code: 'engine-failed' }),
      );
    }
  });

  it('has as many logits as there are labels, and a problem that is known', () => {
    expect(() => classify(new Float32Array(2), named())).toThrow(RangeError);
    expect(() => parseClassLabels({ problem_type: 'ranking' }, 3)).toThrow(
      expect.objectContaining({ code: 'model-corrupt' }),
    );
  });
});

describe('an image or a video', async () => {
  it.each([
    ['clip', 'batch_padded', 'logits_per_image'],
    ['x_clip', 'texts_padded', 'logits_per_video'],
  ])('fits the texts of the reference, from its logits: %s', async (name, forward, output) => {
    const model = await openGolden(name);
    const rows = await rowsOf(model, forward, output);
    for (const [i, { result, candidate_labels }] of model.golden.tasks.entries()) {
      expectSame(classifyByTexts(rows[i] ?? new Float32Array(), candidate_labels), result);
    }
    expect(rows).toHaveLength(model.golden.tasks.length);
  });
});
