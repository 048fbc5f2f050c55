import * as v from 'valibot';
import { ModelCard } from './model.ts';
import { Bytes, ModelName, Timestamp } from './scalars.ts';

/** A model on disk, as the manager shows it. */
export const StoredModel = v.strictObject({
  card: ModelCard,
  /** Bytes of its files that are here, and of what was compiled from them. */
  storedBytes: Bytes,
  compiledBytes: Bytes,
  pinned: v.boolean(),
  /** Whether it is in memory or being loaded now. */
  inUse: v.boolean(),
  addedAt: Timestamp,
  lastUsedAt: Timestamp,
  /** Sites that used it, `FRAME_ORIGIN TOP_ORIGIN`. */
  sites: v.array(v.string()),
  /** The version of the source that it is. */
  commit: v.optional(v.string()),
  isPrivate: v.boolean(),
});
export type StoredModel = v.InferOutput<typeof StoredModel>;

/** A download that runs, or has stopped with an error that the user should see. */
export const Download = v.strictObject({
  name: ModelName,
  presentBytes: Bytes,
  totalBytes: Bytes,
  /** Of the last seconds. */
  bytesPerS: Bytes,
  error: v.optional(v.pipe(v.string(), v.maxLength(1024))),
});
export type Download = v.InferOutput<typeof Download>;

/** What the store holds, exact to the byte: for the manager, never for pages. */
export const StoreState = v.strictObject({
  models: v.array(StoredModel),
  downloads: v.array(Download),
  /** Of all files, and of all that was compiled from them. */
  filesBytes: Bytes,
  compiledBytes: Bytes,
  /** What the browser would still give; absent where it does not say. */
  freeBytes: v.optional(Bytes),
  /** Whether the browser promised not to remove any of it by itself. */
  persisted: v.boolean(),
  /** Whether there is a private file system at all. */
  available: v.boolean(),
});
export type StoreState = v.InferOutput<typeof StoreState>;

/** What the user can do to a model on disk. */
export const StoreAct = v.strictObject({
  model: ModelName,
  /** `fetch` begins, and goes on by itself; `check` reads every byte; the others are done when they are answered. */
  act: v.picklist(['fetch', 'cancel', 'remove', 'pin', 'unpin', 'check']),
});
export type StoreAct = v.InferOutput<typeof StoreAct>;

export const StoreOutcome = v.strictObject({
  outcome: v.picklist(['done', 'unknown', 'in-use']),
  /** Files that a check found as they should be, and others, which are brought anew at the next load. */
  intact: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  damaged: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
});
export type StoreOutcome = v.InferOutput<typeof StoreOutcome>;

/** The user's token for the hub: printable characters without spaces, as such tokens are. */
export const HubToken = v.pipe(v.string(), v.maxLength(512), v.regex(/^[\x21-\x7e]+$/));

/** Sites that hold a grant, as `FRAME_ORIGIN TOP_ORIGIN`. */
export const GrantedSites = v.pipe(v.array(v.pipe(v.string(), v.maxLength(1100))), v.maxLength(8192));
