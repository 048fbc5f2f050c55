import * as v from 'valibot';
import { WireError } from '../../../src/protocol/errors.ts';
import {
  ComponentLabel,
  FinishReason,
  GenerationOptions,
  GraphName,
  LoadPhase,
  TextChunk,
  TextInput,
} from '../../../src/protocol/generation.ts';
import { StoredPrecision } from '../../../src/protocol/hardware.ts';
import { PRECISIONS } from '../../../src/protocol/hardware-names.ts';
import { Placement, Streaming } from '../../../src/protocol/model.ts';
import { Bytes, Count, DurationMs, RequestId, TaskName } from '../../../src/protocol/scalars.ts';
import { type PerformedTask, TASKS } from '../../../src/protocol/tasks/tasks.ts';
import { TensorMap } from '../../../src/protocol/tensor.ts';
import { ConverterAsk, ConverterBroke } from '../../convert/converter-workers.ts';
import { AdapterId, FileAnswer, FileAsk } from '../../store/file-service.ts';
import { TIERS } from './tiers.ts';

const Files = v.array(v.strictObject({ path: v.string(), bytes: Bytes }));

const Manifest = v.strictObject({ contentHash: v.string(), files: Files });

/** What changes the model for a request. */
const changed = { adapter: v.optional(AdapterId) };

const PerformedTaskName = v.picklist(Object.keys(TASKS) as PerformedTask[]);

const Use = v.strictObject({ task: TaskName, graph: v.optional(GraphName), adapter: v.optional(AdapterId) });

const Memory = v.strictObject({
  gpuBytes: Bytes,
  cpuBytes: Bytes,
  peakGpuBytes: v.optional(Bytes),
  idleGpuBytes: v.optional(Bytes),
});

/** What a model can do with the components that are loaded. */
const State = v.strictObject({
  contextTokens: v.optional(Count),
  precision: v.optional(StoredPrecision),
  maxSequences: Count,
  memory: Memory,
  placements: v.optional(v.array(Placement)),
  streaming: v.optional(Streaming),
});
export type State = v.InferOutput<typeof State>;

/** What the engine tells its worker: `load` once, and of each adapter before it is used. */
export const ToWorker = v.variant('kind', [
  v.strictObject({
    kind: v.literal('load'),
    tier: v.picklist(TIERS),
    manifest: Manifest,
    precision: v.optional(v.picklist(PRECISIONS)),
    assetBase: v.string(),
    use: Use,
    inSequence: v.boolean(),
  }),
  v.strictObject({ kind: v.literal('adapter'), adapter: AdapterId, files: Files }),
  /** Whether requests are computed, of whatever model. */
  v.strictObject({ kind: v.literal('busy'), busy: v.boolean() }),
  v.strictObject({ kind: v.literal('prepare'), id: RequestId, use: Use }),
  v.strictObject({ kind: v.literal('drop-idle'), id: RequestId }),
  v.strictObject({
    kind: v.literal('generate'),
    id: RequestId,
    ...changed,
    request: v.strictObject({ input: TextInput, options: GenerationOptions, maxNewTokens: Count }),
  }),
  v.strictObject({
    kind: v.literal('perform'),
    id: RequestId,
    ...changed,
    // Validated where it came from the page.
    request: v.strictObject({ task: PerformedTaskName, input: v.unknown(), options: v.unknown(), maxNewTokens: Count }),
  }),
  v.strictObject({ kind: v.literal('count'), id: RequestId, ...changed, input: TextInput }),
  v.strictObject({
    kind: v.literal('run'),
    id: RequestId,
    ...changed,
    graph: v.optional(GraphName),
    inputs: TensorMap,
  }),
  v.strictObject({ kind: v.literal('abort'), id: RequestId }),
  FileAnswer,
  ConverterBroke,
  v.strictObject({ kind: v.literal('admitted'), quotaBytes: v.optional(Bytes) }),
]);
export type ToWorker = v.InferOutput<typeof ToWorker>;

/** What a worker answers. `refused` ends a load: this tier does not work; `failed` ends the worker. */
export const FromWorker = v.variant('kind', [
  v.strictObject({
    kind: v.literal('progress'),
    component: v.optional(ComponentLabel),
    phase: LoadPhase,
    doneBytes: Bytes,
    totalBytes: Bytes,
  }),
  v.strictObject({ kind: v.literal('dropped'), component: ComponentLabel }),
  FileAsk,
  ConverterAsk,
  v.strictObject({ kind: v.literal('admit'), memory: Memory }),
  v.strictObject({
    kind: v.literal('loaded'),
    adapter: v.optional(v.string()),
    state: State,
  }),
  v.strictObject({ kind: v.literal('refused'), reason: v.string() }),
  v.strictObject({ kind: v.literal('failed'), error: WireError }),
  v.strictObject({ kind: v.literal('text'), id: RequestId, chunk: TextChunk }),
  v.strictObject({ kind: v.literal('tokens'), id: RequestId, count: Count }),
  v.strictObject({ kind: v.literal('compute'), id: RequestId, computeMs: DurationMs }),
  v.strictObject({ kind: v.literal('result'), id: RequestId, value: v.unknown(), state: State }),
  v.strictObject({ kind: v.literal('error'), id: RequestId, error: WireError, state: State }),
]);
export type FromWorker = v.InferOutput<typeof FromWorker>;

/** Values of `result`, by what was asked. */
export const GenerateValue = v.strictObject({
  text: v.string(),
  finishReason: FinishReason,
  inputTokens: Count,
  outputTokens: Count,
  computeMs: DurationMs,
});
/** Of requests that answer nothing but that they are done. */
export const DoneValue = v.strictObject({});
export const CountValue = Count;
export const RunValue = TensorMap;
