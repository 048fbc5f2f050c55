import * as v from 'valibot';
import { ComponentLabel, LoadPhase } from './generation.ts';
import { BACKENDS, PRECISIONS } from './hardware-names.ts';
import { LIMITS } from './limits.ts';
import { Backend, Bytes, Count, DurationMs, ModelName, TaskName } from './scalars.ts';

/** What a model is expected to take and where it runs, known before anything of its weights is. */
export const ModelHardware = v.strictObject({
  /** Architecture, as config.json names it. */
  family: v.pipe(v.string(), v.maxLength(LIMITS.familyChars)),
  parameters: Count,
  /** Parts that are loaded and compiled side by side, each when a task needs it. */
  components: v.array(ComponentLabel),
  /** Bytes of all weights, by the way in which linear layers are stored. */
  precisions: v.array(v.strictObject({ precision: v.picklist(PRECISIONS), bytes: Bytes })),
  /** The least that it takes where layers are read from disk for every token; absent for models that cannot be run that way. */
  streamedBytes: v.optional(Bytes),
  /** What is best where memory and devices allow it, the best backend first. */
  recommended: v.strictObject({
    precision: v.picklist(PRECISIONS),
    backends: v.array(v.picklist(BACKENDS)),
  }),
});
export type ModelHardware = v.InferOutput<typeof ModelHardware>;

/** A model as the user and granted pages see it: what it is, what it costs and what it can do. */
export const ModelCard = v.strictObject({
  name: ModelName,
  title: v.pipe(v.string(), v.maxLength(128)),
  description: v.pipe(v.string(), v.maxLength(512)),
  licence: v.pipe(v.string(), v.maxLength(64)),
  tasks: v.array(TaskName),
  /** Where it comes from: with the extension, a hub or another server, or the user's own files. */
  source: v.picklist(['packaged', 'hub', 'web', 'file']),
  /** Name of the server that it is fetched from; absent where nothing is fetched. */
  host: v.optional(v.pipe(v.string(), v.maxLength(256))),
  /** Bytes of the original files. */
  diskBytes: Bytes,
  /** Bytes of them that are not on this computer yet. */
  downloadBytes: Bytes,
  /** Bytes expected on the device while resident; 0 for a model without weights. */
  residentBytes: Bytes,
  /** Tokens of prompt and answer together; absent where the notion has no meaning. */
  contextTokens: v.optional(Count),
  /** Absent where nothing has to be chosen. */
  hardware: v.optional(ModelHardware),
});
export type ModelCard = v.InferOutput<typeof ModelCard>;

/** A tier that was passed over, and why. */
export const PassedTier = v.strictObject({
  tier: v.pipe(v.string(), v.maxLength(64)),
  reason: v.pipe(v.string(), v.maxLength(512)),
});
export type PassedTier = v.InferOutput<typeof PassedTier>;

/** A component of a model, and how far it is on its way into memory. */
export const LoadingComponent = v.strictObject({
  name: ComponentLabel,
  phase: LoadPhase,
  doneBytes: Bytes,
  totalBytes: Bytes,
});
export type LoadingComponent = v.InferOutput<typeof LoadingComponent>;

/** Where the operators of a component run, for tiers that may leave some of them to the processor's own runtime. */
export const Placement = v.strictObject({
  component: ComponentLabel,
  /** Operators of the graph, as the runtime wrote it for the sizes that ran; 0 before anything ran. */
  nodes: Count,
  /** Those of them that WebNN took. */
  webnnNodes: Count,
  /** Why not all of them did. */
  reason: v.optional(v.pipe(v.string(), v.maxLength(512))),
});
export type Placement = v.InferOutput<typeof Placement>;

/** A model that is larger than its memory: some of its layers are read from disk whenever their turn comes. */
export const Streaming = v.strictObject({
  layers: Count,
  /** Those of them that are read for every token. */
  streamedLayers: Count,
  /** Bytes that are read for every token. */
  tokenBytes: Bytes,
  /** What a token took of late, reading included; absent before the first one. */
  tokenMs: v.optional(DurationMs),
});
export type Streaming = v.InferOutput<typeof Streaming>;

/** A model in memory, as the manager and the benchmarks see it. */
export const ResidentModel = v.strictObject({
  name: ModelName,
  /** Content hash, precision and engine: two names with the same key share one copy. */
  key: v.pipe(v.string(), v.maxLength(256)),
  state: v.picklist(['loading', 'ready', 'unloading']),
  backend: v.optional(Backend),
  adapter: v.optional(v.pipe(v.string(), v.maxLength(128))),
  tier: v.optional(v.pipe(v.string(), v.maxLength(64))),
  passedOver: v.array(PassedTier),
  /** Where its components run; absent for tiers that leave nothing to another one. */
  placements: v.optional(v.array(Placement)),
  /** Absent for models that are in memory as a whole. */
  streaming: v.optional(Streaming),
  components: v.array(LoadingComponent),
  /** Adapters that it was used with since it was loaded. */
  adapters: v.optional(v.array(ModelName)),
  gpuBytes: Bytes,
  cpuBytes: Bytes,
  /** The most that it ever took on the graphics device, where that is counted. */
  peakGpuBytes: v.optional(Bytes),
  /** Sessions that hold it. */
  references: Count,
  /** Requests waiting or running. */
  active: Count,
});
export type ResidentModel = v.InferOutput<typeof ResidentModel>;
