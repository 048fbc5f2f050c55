import { WebplatError } from '../../../src/protocol/errors.ts';
import { type ComponentName, isGraphFile, type ModelFamily } from '../../families/family.ts';
import type { RunningComponent, TaskModel } from '../../tasks/task-model.ts';
import type { ModelUse } from '../engine.ts';
import type { UsedAdapter } from './adapters/adapters.ts';
import type { Components } from './components.ts';
import type { ModelTexts } from './model-texts.ts';
import type { StartedComponent } from './start-component.ts';

/** What a use of a model is made of. */
export interface UsedParts {
  readonly components: Pick<Components<StartedComponent>, 'get'>;
  readonly family: ModelFamily;
  readonly config: unknown;
  readonly texts: ModelTexts;
  /** What changes the model, prepared for the components that are used; nothing does, if left out. */
  readonly adapter?: UsedAdapter | undefined;
}

/** The components that are in use, as tasks see them: each as the adapter changes it. */
export function usedModel({ components, family, config, texts, adapter }: UsedParts): TaskModel {
  function running(name: ComponentName): RunningComponent {
    const { session } = components.get(name);
    return adapter && session.adapted ? session.adapted(adapter.feedsOf) : session.running;
  }
  return {
    ...(adapter?.texts ?? texts),
    component(graph) {
      const [name] = componentsFor({ task: 'tensors', ...(graph && { graph }) }, family, config);
      return running(name as ComponentName);
    },
    has: (name) => !isGraphFile(name) && family.components[name] !== undefined,
    ...runningAs(running),
  };
}

/** Components as graphs, and as decoders. */
export const runningAs = (
  running: (name: ComponentName) => RunningComponent,
): Pick<TaskModel, 'graph' | 'decoder'> => ({
  graph(name) {
    const component = running(name);
    if ('graph' in component) return component.graph;
    throw new WebplatError('internal');
  },
  decoder(name) {
    const component = running(name);
    if ('decoder' in component) return component.decoder;
    throw new WebplatError('internal');
  },
});

/** Components for a use: those of a task, or the one graph that tensors are run on. */
export function componentsFor(
  { task, graph }: ModelUse,
  { tasks, components }: ModelFamily,
  config: unknown,
): readonly ComponentName[] {
  if (task !== 'tensors') {
    const names = tasks(config)[task];
    if (names) return names;
    throw new WebplatError('model-unsupported', undefined, { reason: `The model does not do ${task}.` });
  }
  const known = Object.keys(components) as ComponentName[];
  const named = known.filter((name) => graph === undefined || name === graph);
  // Keys and values of an encoder's states are computed by a graph of their own, whoever wants the decoder.
  if (named.length === 1) return named[0] === 'decoder' && components.cross ? ['decoder', 'cross'] : named;
  throw new WebplatError('invalid-request', `graph must be one of ${known.join(', ')}.`, { field: 'graph' });
}
