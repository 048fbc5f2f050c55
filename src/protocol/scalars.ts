import * as v from 'valibot';
import { LIMITS } from './limits.ts';
import { canonicalName, parseModelName } from './model-name.ts';
import { TASK_NAMES } from './task-names.ts';

/** Identifier of one request on one port; unique while the request is open. */
export const RequestId = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(0xffff_ffff));

/** 128 random bits in lower-case hex; see `src/shared/ids.ts`. */
export const Token = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

/** A serialized tuple origin, e.g. `https://example.org` or `http://localhost:5173`. */
export const Origin = v.pipe(v.string(), v.maxLength(512), v.regex(/^[a-z][a-z0-9+.-]*:\/\/[^/\\?#\s]+$/));

/** A name of `parseModelName`: `packaged:NAME`, `hf:ORG/NAME[@REVISION]`, `https://HOST/PATH/` or `file:NAME`. */
export const ModelName = v.pipe(
  v.string(),
  v.maxLength(LIMITS.modelNameChars),
  v.check((name) => parseModelName(name) !== undefined, 'a name such as packaged:NAME or hf:ORG/NAME'),
  // One spelling for one model, so that permissions need not know of others.
  v.transform(canonicalName),
);

/** `file:NAME`: the only names that the user gives. */
export const FileModelName = v.pipe(
  ModelName,
  v.check((name) => name.startsWith('file:'), 'a name such as file:NAME'),
);

export const TaskName = v.picklist(TASK_NAMES);
export type TaskName = v.InferOutput<typeof TaskName>;

export const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const Bytes = Count;
/** Milliseconds, a duration. */
export const DurationMs = v.pipe(v.number(), v.finite(), v.minValue(0));
/** Milliseconds since the epoch. */
export const Timestamp = v.pipe(v.number(), v.finite(), v.minValue(0));

export const Text = v.pipe(v.string(), v.maxLength(LIMITS.textChars));

/**
 * What really computed: never a wish. `PARTLY_WEBNN` is WebNN for some of a model's operators and WebAssembly for the others.
 */
export const Backend = v.picklist(['REAL_WEBGPU', 'REAL_WEBNN', 'PARTLY_WEBNN', 'REAL_WASM', 'ECHO']);
export type Backend = v.InferOutput<typeof Backend>;
