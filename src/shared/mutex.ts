/** Runs tasks one at a time in the order they were asked for; a failed task does not stop the next one. */
export interface Mutex {
  run<T>(task: () => Promise<T> | T): Promise<T>;
}

export function createMutex(): Mutex {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    run(task) {
      const result = tail.then(task);
      tail = result.catch(() => {});
      return result;
    },
  };
}
