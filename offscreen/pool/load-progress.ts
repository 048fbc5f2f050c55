import type { LoadProgress } from '../../src/protocol/generation.ts';
import type { LoadingComponent } from '../../src/protocol/model.ts';
import type { ComponentProgress } from '../engines/engine.ts';

/** How far a model is on its way into memory: exact for the manager, in hundredths for pages. */
export interface LoadProgressTracker {
  note(progress: ComponentProgress): void;
  /** Nothing is known any more of a component that left. */
  forget(component: string): void;
  readonly components: readonly LoadingComponent[];
}

/** @param tell called with what pages may know, and only when that changes. */
export function trackLoadProgress(tell: (progress: LoadProgress) => void): LoadProgressTracker {
  const components = new Map<string, LoadingComponent>();
  const told = new Map<string, string>();
  return {
    note({ component = '', phase, doneBytes, totalBytes }) {
      if (component !== '') components.set(component, { name: component, phase, doneBytes, totalBytes });
      const fraction = totalBytes === 0 ? 1 : Math.floor((doneBytes / totalBytes) * 100) / 100;
      const text = `${phase} ${fraction}`;
      if (told.get(component) === text) return;
      told.set(component, text);
      tell({ phase, fraction, ...(component !== '' && { component }) });
    },
    forget(component) {
      components.delete(component);
      told.delete(component);
    },
    get components() {
      return [...components.values()];
    },
  };
}
