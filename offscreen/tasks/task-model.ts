import type { ComponentName } from '../families/family.ts';
import type { TextTokenizer } from '../processing/text/text-tokenizer.ts';
import type { Tokenizer } from '../processing/text/tokenizer.ts';
import type { Decoder } from './decoder.ts';
import type { Graph } from './graph.ts';

/** A component that runs: as a whole, or step by step. */
export type RunningComponent = { readonly graph: Graph } | { readonly decoder: Decoder };

/** The JSON files of a model that tasks read. */
export const TASK_FILES = [
  'generation_config.json',
  'preprocessor_config.json',
  'processor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
] as const;
export type TaskFile = (typeof TASK_FILES)[number];

/** A model as tasks see it: its components by name, whatever runs them. Those that a task needs are loaded before it starts. */
export interface TaskModel {
  /** config.json, parsed. */
  readonly config: unknown;
  /** One of the JSON files that tell how inputs are made and outputs are read, parsed; undefined when the model has none. */
  file(name: TaskFile): unknown;
  /** The tokenizer as its files have it. @throws WebplatError `model-corrupt` when the model has none. */
  words(): Tokenizer;
  /** @throws WebplatError `model-corrupt` when the model has none. */
  tokenizer(): TextTokenizer;
  /** Whether its family has such a component. */
  has(name: ComponentName): boolean;
  graph(name: ComponentName): Graph;
  decoder(name: ComponentName): Decoder;
  /** The component that tensors are run on. @throws WebplatError `invalid-request` when the name is none of them. */
  component(graph: string | undefined): RunningComponent;
}
