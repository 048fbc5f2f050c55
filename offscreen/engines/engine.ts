import type { WebplatError } from '../../src/protocol/errors.ts';
import type { GenerationOptions, LoadPhase, TextChunk, TextInput } from '../../src/protocol/generation.ts';
import type { Hardware, StoredPrecision } from '../../src/protocol/hardware.ts';
import type { PassedTier, Placement, Streaming } from '../../src/protocol/model.ts';
import type { Backend, TaskName } from '../../src/protocol/scalars.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import type { PerformedTask, TaskOptions, TaskOutput } from '../../src/protocol/tasks/tasks.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import type { DecodedInput } from '../media/decode-input.ts';
import type { ModelFiles, ModelManifest } from '../store/manifest.ts';

/** Bytes a model takes while resident. */
export interface MemoryUse {
  readonly gpuBytes: number;
  readonly cpuBytes: number;
  /** The most that it ever took on the graphics device, where that is counted. */
  readonly peakGpuBytes?: number | undefined;
  /** Of `gpuBytes`, what components take that no request used when this was told. */
  readonly idleGpuBytes?: number | undefined;
}

/** What a model is wanted for; decides which components of it are loaded. */
export interface ModelUse {
  readonly task: TaskName;
  /** The graph that tensors are run on, of a model that has several. */
  readonly graph?: string | undefined;
}

/** How far a component of a model is, exact; without one, the model as a whole. */
export interface ComponentProgress {
  readonly component?: string | undefined;
  readonly phase: LoadPhase;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What a model became when it was loaded: which tier runs it and which were passed over. */
export interface LoadedInfo {
  readonly backend: Backend;
  readonly adapter?: string;
  /** How what is loaded is stored; absent for a model without weights. */
  readonly precision?: StoredPrecision;
  /** Runtime build and provider, e.g. `jspi/webgpu`, `wasm/cpu`, `echo`. */
  readonly tier: string;
  readonly passedOver: readonly PassedTier[];
  /** Where its components run, on tiers that may leave operators to the processor. */
  readonly placements?: readonly Placement[];
  /** Set where it is not in memory as a whole, and layers are read from disk for every token. */
  readonly streaming?: Streaming;
  readonly contextTokens?: number;
  /** Requests it can work on at once; more wait in the scheduler. */
  readonly maxSequences: number;
}

export interface GenerateRequest {
  readonly input: TextInput;
  readonly options: GenerationOptions;
  /** Upper bound of new tokens after caveats were applied; the context may end it earlier. */
  readonly maxNewTokens: number;
}

export interface GenerateOutcome {
  readonly text: string;
  readonly finishReason: 'end' | 'stop-string' | 'length';
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Device time spent on this request, waiting excluded. */
  readonly computeMs: number;
}

/** Called while a request runs. `computeMs` grows from 0 and is what quotas meter, also for requests that fail. */
export interface GenerateEvents {
  readonly signal: AbortSignal;
  onText(chunk: TextChunk): void;
  onCompute(computeMs: number): void;
}

/** One task with an input in which nothing has to be decoded any more. */
export interface PerformRequest<T extends PerformedTask = PerformedTask> {
  readonly task: T;
  readonly input: DecodedInput<T>;
  readonly options: TaskOptions<T>;
  /** Upper bound of new tokens after caveats were applied, for tasks that write. */
  readonly maxNewTokens: number;
}

export interface PerformEvents extends RunEvents {
  /** Counts tokens as they come. */
  onTokens(count: number): void;
}

export interface RunRequest {
  /** The graph, of a model that has several. */
  readonly graph?: string | undefined;
  readonly inputs: TensorMap;
}

export interface RunEvents {
  readonly signal: AbortSignal;
  onCompute(computeMs: number): void;
}

/** A model in memory. Every method rejects with a {@link WebplatError}; use after `dispose` rejects too. */
export interface LoadedModel {
  readonly info: LoadedInfo;
  /** Settles once, when the model broke down by itself (device lost, worker died); never after `dispose`. */
  readonly failed: Promise<WebplatError>;
  /** Loads what is still missing for a use; at once when nothing is. Stops when nobody waits for it any more. */
  prepare(use: ModelUse, signal: AbortSignal): Promise<void>;
  generate(request: GenerateRequest, events: GenerateEvents): Promise<GenerateOutcome>;
  /** Does one task. Input buffers may be detached by it; those of the output belong to the caller. */
  perform<T extends PerformedTask>(request: PerformRequest<T>, events: PerformEvents): Promise<TaskOutput<T>>;
  /** Tokens that `input` takes of the context, template included. */
  countTokens(input: TextInput): Promise<number>;
  /** Runs a graph once. Input buffers may be detached by it; outputs belong to the caller. */
  run(request: RunRequest, events: RunEvents): Promise<TensorMap>;
  memory(): MemoryUse;
  /**
   * The same model as an adapter changes it, which is brought when it is prepared; absent for models that take none.
   *
   * @param manifest a model that has this one's content as its base
   */
  adapted?(manifest: ModelManifest, files: (signal: AbortSignal) => ModelFiles): LoadedModel;
  /** Lets go of components that no request uses; they come back when they are needed. */
  dropIdle(): Promise<void>;
  /** Gives all memory back. Running requests reject with `session-ended`. Calling it twice is no error. */
  dispose(): Promise<void>;
}

export interface LoadOptions {
  /** What is loaded first. */
  readonly use: ModelUse;
  /** Ends the load, or the model if it was loaded since. */
  readonly signal: AbortSignal;
  readonly backend: Settings['backend'];
  /** What the request wants that it is loaded for. */
  readonly hardware?: Hardware | undefined;
  readonly files: ModelFiles;
  /**
   * Asks for memory before anything is allocated; idle models may leave for it. Asked again with less, the answer counts
   * in place of the last one.
   *
   * @returns whether it is granted; where not, the budget that stands in the way.
   */
  admit(
    need: MemoryUse,
  ): Promise<{ readonly granted: true } | { readonly granted: false; readonly quotaBytes: number }>;
  /** Called as long as the model lives, whenever components of it are loaded. */
  onProgress(progress: ComponentProgress): void;
  /** Called when a component leaves memory while the model stays. */
  onDropped(component: string): void;
}

/** Turns a model's files into something that runs. */
export interface Engine {
  readonly name: ModelManifest['engine'];
  /** Bytes that it will take by and large; what is asked for while it loads is exact. */
  estimate(manifest: ModelManifest): MemoryUse;
  load(manifest: ModelManifest, options: LoadOptions): Promise<LoadedModel>;
}
