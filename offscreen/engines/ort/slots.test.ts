import { describe, expect, it } from 'vitest';
import { createSlots } from './slots.ts';

function makeSlots(most: number) {
  let made = 0;
  return createSlots(most, async () => {
    made += 1;
    return made;
  });
}

describe('slots', () => {
  it('uses again what was given back', async () => {
    const slots = makeSlots(2);
    const first = await slots.take();
    slots.give(first);
    expect(await slots.take()).toBe(first);
  });

  it('lets the first who waits have the next free one', async () => {
    const slots = makeSlots(1);
    const first = await slots.take();
    const order: string[] = [];
    const a = slots.take().then((item) => {
      order.push('a');
      slots.give(item);
    });
    const b = slots.take().then(() => order.push('b'));
    slots.give(first);
    await Promise.all([a, b]);
    expect(order).toEqual(['a', 'b']);
  });

  it('tries again to make one after it could not', async () => {
    let fail = true;
    const slots = createSlots(1, async () => {
      if (fail) throw new Error('no memory');
      return 1;
    });
    await expect(slots.take()).rejects.toThrow('no memory');
    fail = false;
    expect(await slots.take()).toBe(1);
  });
});
