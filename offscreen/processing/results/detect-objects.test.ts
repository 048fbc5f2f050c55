import { describe, expect, it } from 'vitest';
import { openGolden } from '../../../test/support/golden.ts';
import { parseClassLabels } from './class-labels.ts';
import { detectObjects } from './detect-objects.ts';

describe('objects in a picture', async () => {
  const model = await openGolden('detr');
  const { labels } = parseClassLabels(model.config, 5);

  it.each([
    ['image_rgb', 'inputs/rgb.png'],
    ['image_gray', 'inputs/gray.png'],
  ])('are those of the reference, from its logits and boxes: %s', async (name, file) => {
    const { outputs } = model.caseOf(name);
    const [logits, boxes] = [await model.floats(outputs.logits), await model.floats(outputs.pred_boxes)];
    const task = model.golden.tasks.find((one: { file: string }) => one.file === file);
    const { image_size: size, options, result } = task;
    const found = detectObjects({ logits, boxes }, labels, [size.height, size.width], options.threshold);
    expect(found.map(({ label }) => label)).toEqual(result.map(({ label }: { label: string }) => label));
    for (const [i, { score, box }] of found.entries()) {
      expect(Math.abs(score - result[i].score)).toBeLessThan(1e-4);
      const edges = [box.xmin, box.ymin, box.xmax, box.ymax];
      for (const [at, edge] of edges.entries()) expect(Math.abs(edge - result[i].box[at])).toBeLessThan(0.05);
    }
  });

  const logits = Float32Array.from([8, 1, 1, 2, 2, 16, 0, 19, 1], Math.log);
  const boxes = Float32Array.of(0.5, 0.5, 0.5, 1, 0, 0, 1, 1, 0.25, 0.75, 0.5, 0.25);
  const detect = (threshold?: number) => detectObjects({ logits, boxes }, ['cat', 'dog'], [100, 200], threshold);

  it('are those that are likelier than the threshold, where no object is one of the possibilities', () => {
    // The second query is that there is nothing, with 16 of 20.
    expect(detect(0.5)).toEqual([
      {
        label: 'cat',
        score: expect.closeTo(0.8, 6),
        box: { xmin: 50, ymin: 0, xmax: 150, ymax: 100 },
      },
      {
        label: 'dog',
        score: expect.closeTo(0.95, 6),
        box: { xmin: 0, ymin: 62.5, xmax: 100, ymax: 87.5 },
      },
    ]);
    expect(detect().map(({ label }) => label)).toEqual(['dog']);
    expect(detect(0.96)).toHaveLength(0);
    expect(detect(0)).toHaveLength(3);
  });

  it('may reach beyond the picture', () => {
    expect(detect(0)[1]?.box).toEqual({ xmin: -100, ymin: -50, xmax: 100, ymax: 50 });
  });

  it('need a threshold that is a probability, numbers, and as many as there are classes', () => {
    for (const threshold of [-0.1, 1.1, Number.NaN]) {
      expect(() => detect(threshold)).toThrow(
        expect.objectContaining({ code: 'invalid-request', data: { field: 'threshold' } }),
      );
    }
    const broken = new Float32Array(9).fill(Number.NaN);
    expect(() => detectObjects({ logits: broken, boxes }, ['cat', 'dog'], [1, 1])).toThrow(
      expect.objectContaining({ code: 'engine-failed' }),
    );
    expect(() => detectObjects({ logits, boxes }, ['cat'], [1, 1])).toThrow(RangeError);
  });
});
