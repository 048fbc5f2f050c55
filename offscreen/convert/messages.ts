import * as v from 'valibot';
import { WireError } from '../../src/protocol/errors.ts';
import { Bytes, Count, RequestId } from '../../src/protocol/scalars.ts';
import { COMPONENTS } from '../families/family.ts';
import { FileAnswer, FileAsk } from '../store/file-service.ts';
import { StoredPart, Unwritable } from '../store/stored-part.ts';

const Linear = v.union([
  v.literal('float'),
  v.strictObject({ bits: v.picklist([4, 8]), blockSize: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) }),
]);

const WireStorage = v.strictObject({
  float: v.picklist(['float32', 'float16']),
  linear: Linear,
  ends: Linear,
  contextTokens: v.optional(Count),
  cacheBits: v.optional(v.literal(8)),
  standard: v.optional(v.literal(true)),
});

/** One part of a component's weights, and the folder that its file belongs in. */
export const ConvertJob = v.strictObject({
  component: v.picklist(COMPONENTS),
  storage: WireStorage,
  /** Name of the artifact. */
  key: v.string(),
  /** File name of the part. */
  part: v.string(),
  /** Noted beside the part, see `WeightSource`. */
  madeOf: v.string(),
});
export type ConvertJob = v.InferOutput<typeof ConvertJob>;

/** What converters are told. The first message is `start`, once. */
export const ToConverter = v.variant('kind', [
  v.strictObject({
    kind: v.literal('start'),
    files: v.array(v.strictObject({ path: v.string(), bytes: Bytes })),
    config: v.unknown(),
  }),
  v.strictObject({ kind: v.literal('convert'), id: RequestId, job: ConvertJob }),
  v.strictObject({ kind: v.literal('abort'), id: RequestId }),
  /** Whether requests are computed, of whatever model. */
  v.strictObject({ kind: v.literal('busy'), busy: v.boolean() }),
  FileAnswer,
]);
export type ToConverter = v.InferOutput<typeof ToConverter>;

/** What they answer: each `convert` with one `done` or `failed`. */
export const FromConverter = v.variant('kind', [
  FileAsk,
  v.strictObject({ kind: v.literal('progress'), id: RequestId, doneBytes: Bytes }),
  v.strictObject({ kind: v.literal('done'), id: RequestId, stored: StoredPart }),
  v.strictObject({ kind: v.literal('failed'), id: RequestId, error: WireError, unwritable: v.optional(Unwritable) }),
]);
export type FromConverter = v.InferOutput<typeof FromConverter>;
