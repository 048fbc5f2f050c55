import type { LoadedModel, MemoryUse } from '../engines/engine.ts';
import type { Resident } from './resident.ts';

/** The right to use a resident model until `release`; calling that twice is no error. */
export interface Lease {
  readonly model: LoadedModel;
  readonly key: string;
  memory(): MemoryUse;
  /** Marks a request as running on the model, so that it is neither evicted nor unloaded; returns the end mark. */
  begin(): () => void;
  release(): void;
}

/** A lease on `resident`; `touch` notes that it was used, `release` that its holder left. */
export function createLease(
  resident: Resident,
  model: LoadedModel,
  { touch, release }: { readonly touch: () => void; readonly release: () => void },
): Lease {
  return {
    model,
    key: resident.key,
    memory: () => resident.memory,
    begin() {
      resident.active += 1;
      touch();
      return once(() => {
        resident.active -= 1;
        resident.memory = resident.state === 'ready' ? model.memory() : resident.memory;
        touch();
      });
    },
    release: once(release),
  };
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
