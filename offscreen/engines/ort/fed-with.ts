import type { Tensor } from 'onnxruntime-common';
import type { Runnable } from './fixed-session.ts';

/** A session that is fed these tensors at every run, but for those that a run brings itself. */
export const fedWith = (session: Runnable, tensors: Readonly<Record<string, Tensor>>): Runnable => ({
  run: (feeds, fetches) => session.run({ ...tensors, ...feeds }, fetches),
  release: () => session.release(),
});
