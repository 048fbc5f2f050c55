/** A fixed number of things that are used by one at a time and used again. */
export interface Slots<T> {
  /** A free one, a new one while there may be more, or the next one that is given back; first come, first served. */
  take(): Promise<T>;
  give(item: T): void;
  /** Takes all that are free, never to be given back. */
  drain(): readonly T[];
}

export function createSlots<T>(most: number, make: () => Promise<T>): Slots<T> {
  const free: T[] = [];
  const waiting: ((item: T) => void)[] = [];
  let made = 0;
  return {
    async take() {
      const item = free.pop();
      if (item !== undefined) return item;
      if (made >= most) return new Promise((resolve) => waiting.push(resolve));
      made += 1;
      try {
        return await make();
      } catch (error) {
        made -= 1;
        throw error;
      }
    },
    give(item) {
      const next = waiting.shift();
      if (next) next(item);
      else free.push(item);
    },
    drain: () => free.splice(0),
  };
}
