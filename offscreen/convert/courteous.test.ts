import { expect, it, vi } from 'vitest';
import { createBusySign } from '../schedule/busy.ts';
import { courteous } from './courteous.ts';

it('rests as long as it worked while requests are computed, never long, and never otherwise', async () => {
  const busy = createBusySign();
  const rest = vi.fn();
  let time = 0;
  const read = vi.fn(async () => {
    // The read itself waits for a download.
    time += 5_000;
    return new Float32Array(1);
  });
  const reader = courteous({ rows: read }, busy, rest, () => time);
  const work = async (ms: number) => {
    await reader.rows('weight', 0, 1);
    time += ms;
  };
  await work(30);
  await work(30);
  expect(rest).not.toHaveBeenCalled();
  busy.set(true);
  await work(40);
  expect(rest).toHaveBeenLastCalledWith(30);
  await work(700);
  expect(rest).toHaveBeenLastCalledWith(40);
  await work(1);
  expect(rest).toHaveBeenLastCalledWith(100);
  busy.set(false);
  await work(1);
  expect(rest).toHaveBeenCalledTimes(3);
  expect(read).toHaveBeenCalledTimes(6);
  expect(read).toHaveBeenLastCalledWith('weight', 0, 1);
});
