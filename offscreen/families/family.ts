import type { PerformedTask } from '../../src/protocol/tasks/tasks.ts';
import type { ParamTable } from '../checkpoint/checkpoint.ts';
import type { EmittedGraph } from '../graphs/build/graph-builder.ts';
import type { DecoderPieces, DecoderShape, Storage } from '../graphs/graph.ts';

/** Names of the graphs that models are made of: what tasks call them. */
export const COMPONENTS = [
  'decoder',
  'encoder',
  'cross',
  'embedding',
  'text',
  'vision',
  'audio',
  'video',
  'prompts',
  'joint',
] as const;
/** A graph that somebody else made, by the path of its file: it does nothing but take tensors. */
export type GraphFileName = `onnx:${string}`;
export const isGraphFile = (name: string): name is GraphFileName => name.startsWith('onnx:');
/** A graph of a family. */
export type PartName = (typeof COMPONENTS)[number];
export type ComponentName = PartName | GraphFileName;

/** A graph; with a shape, one that is run step by step with caches. */
export type ComponentGraph = EmittedGraph & {
  readonly shape?: DecoderShape;
  readonly pieces?: () => DecoderPieces;
};

/** Writes the graph of one component. Nothing is read but the table of parameters. */
export type Emit = (config: unknown, params: ParamTable, storage: Storage) => ComponentGraph;

/** Tasks that are done with graphs by name; `tensors` needs none of them. */
export type ModelTask = 'text-generation' | PerformedTask;

/** A family of models: how its checkpoints become graphs. Everything else follows from its files. */
export interface ModelFamily {
  /** Values of `model_type` in config.json. */
  readonly modelTypes: readonly string[];
  /** Changes whenever an emitter writes something else for the same checkpoint: compiled copies are made anew. */
  readonly emitterVersion: number;
  readonly components: Readonly<Partial<Record<Exclude<ComponentName, GraphFileName>, Emit>>>;
  /** What a model can be used for, the likeliest first, and the components that each use needs. */
  readonly tasks: (config: unknown) => Readonly<Partial<Record<ModelTask, readonly ComponentName[]>>>;
}
