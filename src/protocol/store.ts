import * as v from 'valibot';
import { WireError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { ModelCard } from './model.ts';
import { Bytes, Count, ModelName, Timestamp, Token } from './scalars.ts';

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
  /** Whether its files came out of an archive, which says of itself what it is. */
  fromArchive: v.boolean(),
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

/** Names of damaged files that are listed; how many there are is counted all the same. */
export const LISTED_DAMAGE = 16;

/** Work on the files of a model that the user asked for, and how it ended. */
export const Job = v.strictObject({
  id: Token,
  /** `check` reads and compares what is stored; `import` takes files in; `export` checks what is about to be handed out. */
  kind: v.picklist(['check', 'import', 'export']),
  model: ModelName,
  state: v.picklist(['running', 'done', 'stopped', 'failed']),
  doneFiles: Count,
  totalFiles: Count,
  doneBytes: Bytes,
  totalBytes: Bytes,
  /** Files that were found damaged, and the first of their names. */
  damagedFiles: Count,
  damaged: v.pipe(v.array(v.pipe(v.string(), v.maxLength(256))), v.maxLength(LISTED_DAMAGE)),
  /** Why it failed. */
  error: v.optional(WireError),
});
export type Job = v.InferOutput<typeof Job>;

/** What the user can do to a job: stop it while it runs, or put it away when it has ended. */
export const JobAct = v.strictObject({ job: Token, act: v.picklist(['stop', 'dismiss']) });
export type JobAct = v.InferOutput<typeof JobAct>;

/** What the store holds, exact to the byte: for the manager, never for pages. */
export const StoreState = v.strictObject({
  models: v.array(StoredModel),
  downloads: v.array(Download),
  jobs: v.pipe(v.array(Job), v.maxLength(LIMITS.jobs)),
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
  /** `fetch` and `check` begin, and go on by themselves; the others are done when they are answered. */
  act: v.picklist(['fetch', 'cancel', 'remove', 'pin', 'unpin', 'check']),
});
export type StoreAct = v.InferOutput<typeof StoreAct>;

export const StoreOutcome = v.strictObject({ outcome: v.picklist(['done', 'unknown', 'in-use']) });
export type StoreOutcome = v.InferOutput<typeof StoreOutcome>;

/** The user's token for the hub: printable characters without spaces, as such tokens are. */
export const HubToken = v.pipe(v.string(), v.maxLength(512), v.regex(/^[\x21-\x7e]+$/));

/** Sites that hold a grant, as `FRAME_ORIGIN TOP_ORIGIN`. */
export const GrantedSites = v.pipe(v.array(v.pipe(v.string(), v.maxLength(1100))), v.maxLength(8192));
