import * as v from 'valibot';
import { BACKENDS, type BackendName, PRECISIONS } from './hardware-names.ts';
import { LIMITS } from './limits.ts';
import type { Backend } from './scalars.ts';

/**
 * What a request wants to be computed with. A model that is in memory is shared where it will do: on any of the backends, stored
 * as asked. Where none will, it is loaded on the first backend of the list that works. The user's settings come first.
 */
export const Hardware = v.strictObject({
  backends: v.optional(
    v.pipe(
      v.array(v.picklist(BACKENDS)),
      v.minLength(1),
      v.maxLength(BACKENDS.length),
      v.check((names) => new Set(names).size === names.length, 'each backend once'),
    ),
  ),
  precision: v.optional(v.picklist(PRECISIONS)),
  /** Architecture that the model has to be of; another one is refused before anything is fetched. */
  family: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(LIMITS.familyChars))),
});
export type Hardware = v.InferOutput<typeof Hardware>;

/** How the parts of a model are stored that were loaded: all alike, or some so and some so. */
export const StoredPrecision = v.picklist([...PRECISIONS, 'mixed']);
export type StoredPrecision = v.InferOutput<typeof StoredPrecision>;

/** What results say of a backend that was asked for by name. */
export const REAL_BACKENDS = {
  webgpu: 'REAL_WEBGPU',
  wasm: 'REAL_WASM',
  webnn: 'REAL_WEBNN',
} as const satisfies Record<BackendName, Backend>;
