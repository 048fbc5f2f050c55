import { describe, expect, it } from 'vitest';
import { openGolden } from '../../../test/support/golden.ts';
import type { Extent } from '../image/picture.ts';
import { NEWLINE, packedLength, packFeatures, packOrder, planTiles } from './llava-next-tiles.ts';

const { golden, config, feed, ids } = await openGolden('llava_next');
const canvases: Extent[] = config.image_grid_pinpoints;
const { image_size: tile, patch_size: patch } = config.vision_config;

interface Preprocessed {
  readonly file: string;
  readonly outputs: Record<'pixel_values' | 'image_sizes', Parameters<typeof feed>[0]>;
}
const cases: Preprocessed[] = golden.preprocessing.cases;

describe('an image of any size', () => {
  it.each(cases)('is cut into as many tiles as the reference: $file', async ({ outputs }) => {
    const [height = 0, width = 0] = await ids(outputs.image_sizes);
    const { dims } = await feed(outputs.pixel_values);
    expect(planTiles([height, width], canvases, tile).tiles).toBe(dims[1]);
  });

  it.each(cases)('lies on its canvas where that of the reference lies: $file', async ({ outputs }) => {
    const [height = 0, width = 0] = await ids(outputs.image_sizes);
    const { data } = await feed(outputs.pixel_values);
    const { grid, resized, offset, padded } = planTiles([height, width], canvases, tile);
    // Black around the image, as it is after normalization with CLIP's mean and deviation of red.
    const black = -0.48145466 / 0.26862954;
    const isBlack = (row: number, column: number) => {
      const at = 1 + Math.floor(row / tile) * grid[1] + Math.floor(column / tile);
      const red = data[at * 3 * tile * tile + (row % tile) * tile + (column % tile)];
      return Math.abs(Number(red) - black) < 1e-5;
    };
    const isOutside = (row: number, column: number) =>
      row < offset[0] || row >= offset[0] + resized[0] || column < offset[1] || column >= offset[1] + resized[1];
    // Tiles that are a pixel short were resized, and their pixels are not in their places.
    const whole = (end: number) => end - (end % tile);
    const places = Array.from({ length: whole(padded[0]) }, (_, row) =>
      Array.from({ length: whole(padded[1]) }, (_, column) => [row, column] as const),
    ).flat();
    expect(places.filter(([row, column]) => isOutside(row, column) && !isBlack(row, column))).toEqual([]);
    // The pictures have few pixels without any red of their own.
    const inside = places.filter(([row, column]) => !isOutside(row, column));
    expect(inside.filter(([row, column]) => isBlack(row, column)).length).toBeLessThan(inside.length / 50);
  });

  it.each(cases)('takes as many tokens as the reference: $file', async ({ file, outputs }) => {
    const [height = 0, width = 0] = await ids(outputs.image_sizes);
    const { grid } = planTiles([height, width], canvases, tile);
    const expected = golden.image_tokens.find((one: { file: string }) => one.file === file);
    expect(packOrder([height, width], grid, tile / patch)).toHaveLength(expected.image_tokens);
  });

  it('gets the canvas that keeps most of it, and of those the smallest', () => {
    const planOf = (...size: [number, number]) => planTiles(size, canvases, tile).canvas;
    expect(planOf(10, 10)).toEqual([32, 64]);
    expect(planOf(10, 20)).toEqual([32, 64]);
    expect(planOf(500, 500)).toEqual([64, 64]);
    expect(planOf(900, 300)).toEqual([96, 32]);
    expect(planOf(300, 900)).toEqual([32, 96]);
  });

  it('is put in the middle, of a canvas that is a pixel smaller where there is no middle', () => {
    expect(planTiles([33, 50], [[64, 64]], 32)).toEqual({
      canvas: [64, 64],
      resized: [43, 64],
      offset: [10, 0],
      padded: [63, 64],
      grid: [2, 2],
      tiles: 5,
    });
  });
});

describe('the vectors of an image', () => {
  it('are those of the whole, then rows across tiles, each with an end', () => {
    // One tile of two by two patches above another: four rows of two patches.
    expect([...packOrder([20, 10], [2, 1], 2)]).toEqual([
      ...[0, 1, 2, 3],
      ...[4, 5, NEWLINE],
      ...[6, 7, NEWLINE],
      ...[8, 9, NEWLINE],
      ...[10, 11, NEWLINE],
    ]);
    // Side by side, rows go through both.
    expect([...packOrder([10, 20], [1, 2], 2)].slice(4)).toEqual([4, 5, 8, 9, NEWLINE, 6, 7, 10, 11, NEWLINE]);
  });

  it('leave out patches that show no image, as many on either side', () => {
    // A wide image on two by two tiles of two by two patches: the middle two of four rows show it.
    expect([...packOrder([10, 20], [2, 2], 2)].slice(4)).toEqual([6, 7, 10, 11, NEWLINE, 12, 13, 16, 17, NEWLINE]);
    // A tall one: the middle two of four columns.
    expect([...packOrder([20, 10], [2, 2], 2)].slice(4)).toEqual([
      ...[5, 8, NEWLINE],
      ...[7, 10, NEWLINE],
      ...[13, 16, NEWLINE],
      ...[15, 18, NEWLINE],
    ]);
  });

  it('are as many as is said beforehand', () => {
    for (const grid of [
      [1, 2],
      [2, 2],
      [3, 1],
    ] as const) {
      for (const size of [
        [10, 20],
        [20, 10],
        [33, 50],
        [1, 99],
        [64, 64],
      ] as const) {
        expect(packedLength(size, grid, 4)).toBe(packOrder(size, grid, 4).length);
      }
    }
  });

  it('are copied in that order', () => {
    const features = Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5);
    expect([...packFeatures(features, Float32Array.of(7, 8), Int32Array.of(2, NEWLINE, 0))]).toEqual([
      ...[2, 2.5],
      ...[7, 8],
      ...[0, 0.5],
    ]);
    expect(() => packFeatures(features, Float32Array.of(7, 8), Int32Array.of(3))).toThrow(RangeError);
  });
});
