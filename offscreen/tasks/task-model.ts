import type { ComponentName } from '../families/family.ts';
import type { TextTokenizer } from '../processing/text/text-tokenizer.ts';
import type { Decoder } from './decoder.ts';
import type { Graph } from './graph.ts';

/** A component that runs: as a whole, or step by step. */
export type RunningComponent = { readonly graph: Graph } | { readonly decoder: Decoder };

/** A model as tasks see it: its components by name, whatever runs them. Those that a task needs are loaded before it starts. */
export interface TaskModel {
  /** @throws WebplatError `model-corrupt` when the model has none. */
  tokenizer(): TextTokenizer;
  graph(name: ComponentName): Graph;
  decoder(name: ComponentName): Decoder;
  /** The component that tensors are run on. @throws WebplatError `invalid-request` when the name is none of them. */
  component(graph: string | undefined): RunningComponent;
}
