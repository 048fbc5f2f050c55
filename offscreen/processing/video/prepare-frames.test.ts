import { describe, expect, it } from 'vitest';
import { largestDifference, openGolden } from '../../../test/support/golden.ts';
import { openPictures } from '../../../test/support/preprocessing.ts';
import { frameIndices } from './frame-indices.ts';
import { prepareFrames } from './prepare-frames.ts';

describe('a video', async () => {
  const model = await openGolden('x_clip');
  const { recipe, readPicture } = await openPictures(model);
  const [{ files, outputs }] = model.golden.preprocessing.cases;
  const frames = await Promise.all((files as string[]).map(readPicture));
  const perFrame = 3 * 32 * 32;

  it('becomes what the reference makes of its frames', async () => {
    const { dims, data } = prepareFrames(frames, 8, recipe);
    expect(dims).toEqual(outputs.pixel_values.shape);
    const expected = await model.floats(outputs.pixel_values);
    expect(largestDifference(data, expected)).toBeLessThanOrEqual(model.golden.preprocessing.atol);
  });

  it('is looked at in places far from one another', () => {
    const all = prepareFrames(frames, 8, recipe).data;
    const { dims, data } = prepareFrames(frames, 3, recipe);
    expect(dims).toEqual([1, 3, 3, 32, 32]);
    for (const [at, frame] of [0, 3, 7].entries()) {
      expect(data.subarray(at * perFrame, (at + 1) * perFrame)).toEqual(
        all.subarray(frame * perFrame, (frame + 1) * perFrame),
      );
    }
  });

  it('names the frame that is bad', () => {
    expect(() => prepareFrames([...frames, { width: 2, height: 2, data: new Uint8Array(1) }], 9, recipe)).toThrow(
      expect.objectContaining({ code: 'invalid-request', data: { field: 'frames[8].data' } }),
    );
  });
});

describe('frames that are looked at', () => {
  it('are the first, the last, and some between them', () => {
    expect(frameIndices(100, 8)).toEqual([0, 14, 28, 42, 56, 70, 84, 99]);
    expect(frameIndices(9, 3)).toEqual([0, 4, 8]);
    expect(frameIndices(8, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('come more than once where there are not enough', () => {
    expect(frameIndices(3, 8)).toEqual([0, 0, 0, 0, 1, 1, 1, 2]);
    expect(frameIndices(1, 4)).toEqual([0, 0, 0, 0]);
  });

  it('may be one', () => {
    expect(frameIndices(50, 1)).toEqual([0]);
  });

  it('are not so many that a list of them is too long', () => {
    expect(frameIndices(5000, 1024)).toHaveLength(1024);
    expect(() => frameIndices(5000, 2 ** 24)).toThrow(expect.objectContaining({ code: 'model-unsupported' }));
  });

  it.each([0, -1, 1.5])('are some of at least one: %s', (frames) => {
    expect(() => frameIndices(frames, 8)).toThrow(
      expect.objectContaining({ code: 'invalid-request', data: { field: 'frames' } }),
    );
  });
});
