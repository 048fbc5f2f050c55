import * as v from 'valibot';
import { LIMITS } from './limits.ts';
import { ModelName, Origin, TaskName, Timestamp, Token } from './scalars.ts';

/**
 * Caveats narrow a grant (EIP-2255's word). Authority is presence: an empty list allows nothing, "all" is written `'*'`,
 * and a grant that lacks one of these caveats is invalid and allows nothing.
 */
export const CAVEAT_SCHEMAS = {
  /** Models that may be used. */
  models: v.union([v.literal('*'), v.pipe(v.array(ModelName), v.maxLength(LIMITS.listedNames * 4))]),
  /** Tasks that may be run. */
  tasks: v.union([v.literal('*'), v.pipe(v.array(TaskName), v.maxLength(LIMITS.listedNames))]),
  /** Requests running or waiting at once, over all documents of the site. */
  maxConcurrent: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(64)),
  /** Requests started in any 60 seconds. */
  maxRatePerMinute: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(100_000)),
  /** New tokens of one request. */
  maxTokens: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(LIMITS.newTokens)),
  /** Bytes of the models that the site holds resident. */
  maxMemoryBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(2 ** 40)),
  /** Milliseconds of device time in one calendar day (UTC). */
  maxComputeMsPerDay: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(86_400_000)),
  /** When the grant ends by itself; `'never'` is a choice the user made, not a missing value. */
  expiry: v.union([v.literal('never'), Timestamp]),
  /** Whether frames are excluded even with a grant for the pair of origins. */
  topLevelOnly: v.boolean(),
} as const;

export type CaveatType = keyof typeof CAVEAT_SCHEMAS;
export const CAVEAT_TYPES = Object.keys(CAVEAT_SCHEMAS) as readonly CaveatType[];

/** All caveats of a grant, by type; the form in which policy computes. */
export const CaveatValues = v.strictObject(CAVEAT_SCHEMAS);
export type CaveatValues = v.InferOutput<typeof CaveatValues>;

/** One caveat as EIP-2255 writes it. */
export const Caveat = v.variant(
  'type',
  CAVEAT_TYPES.map((type) => v.strictObject({ type: v.literal(type), value: CAVEAT_SCHEMAS[type] })) as unknown as [
    CaveatVariant<CaveatType>,
    ...CaveatVariant<CaveatType>[],
  ],
);
type CaveatVariant<T extends CaveatType> = v.StrictObjectSchema<
  { type: v.LiteralSchema<T, undefined>; value: (typeof CAVEAT_SCHEMAS)[T] },
  undefined
>;
export type Caveat = { [T in CaveatType]: { type: T; value: CaveatValues[T] } }[CaveatType];

/** How long a yes lasts. `once`: this document; `session`: until the browser closes; `timed`: until the expiry. */
export const Duration = v.variant('kind', [
  v.strictObject({ kind: v.literal('once') }),
  v.strictObject({ kind: v.literal('session') }),
  v.strictObject({
    kind: v.literal('timed'),
    /** One minute to one year. */
    ms: v.pipe(v.number(), v.safeInteger(), v.minValue(60_000), v.maxValue(366 * 86_400_000)),
  }),
  v.strictObject({ kind: v.literal('always') }),
]);
export type Duration = v.InferOutput<typeof Duration>;

/** Where a grant is kept and what ends it besides its expiry. */
export const Lifetime = v.variant('kind', [
  v.strictObject({ kind: v.literal('document'), documentId: v.pipe(v.string(), v.minLength(1), v.maxLength(128)) }),
  v.strictObject({ kind: v.literal('browser-session') }),
  v.strictObject({ kind: v.literal('persistent') }),
]);
export type Lifetime = v.InferOutput<typeof Lifetime>;

/** Who may use the grant: a frame of `invoker` inside a page of `topOrigin` (the same origin for a top-level page). */
export const Subject = v.strictObject({ invoker: Origin, topOrigin: Origin });
export type Subject = v.InferOutput<typeof Subject>;

/** A permission in the shape of EIP-2255 (https://eips.ethereum.org/EIPS/eip-2255). */
export const Grant = v.strictObject({
  id: Token,
  ...Subject.entries,
  parentCapability: v.literal('infer'),
  caveats: v.pipe(v.array(Caveat), v.length(CAVEAT_TYPES.length)),
  /** When it was granted. */
  date: Timestamp,
  lifetime: Lifetime,
});
export type Grant = v.InferOutput<typeof Grant>;

/** What a page sees of a grant: its caveats, not the other origin's business nor the document's identifier. */
export const PublicGrant = v.strictObject({
  parentCapability: v.literal('infer'),
  caveats: v.array(Caveat),
  date: Timestamp,
  lasts: v.picklist(['document', 'browser-session', 'persistent']),
});
export type PublicGrant = v.InferOutput<typeof PublicGrant>;

/** What a page asks for. Unset limits get the defaults; whatever is asked for, the user decides. */
export const PermissionRequest = v.strictObject({
  models: v.pipe(v.array(ModelName), v.minLength(1), v.maxLength(LIMITS.listedNames)),
  tasks: v.optional(v.pipe(v.array(TaskName), v.minLength(1), v.maxLength(LIMITS.listedNames))),
  limits: v.optional(
    v.strictObject({
      maxConcurrent: v.optional(CAVEAT_SCHEMAS.maxConcurrent),
      maxRatePerMinute: v.optional(CAVEAT_SCHEMAS.maxRatePerMinute),
      maxTokens: v.optional(CAVEAT_SCHEMAS.maxTokens),
      maxMemoryBytes: v.optional(CAVEAT_SCHEMAS.maxMemoryBytes),
      maxComputeMsPerDay: v.optional(CAVEAT_SCHEMAS.maxComputeMsPerDay),
    }),
  ),
  reason: v.optional(v.pipe(v.string(), v.maxLength(LIMITS.reasonChars))),
});
export type PermissionRequest = v.InferOutput<typeof PermissionRequest>;
