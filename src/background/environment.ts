import type { Documents } from '../platform/documents.ts';
import type { StorageArea } from '../platform/storage.ts';
import type { PromptWindows } from '../platform/windows.ts';
import type { SendOneShot } from '../protocol/message.ts';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/logger.ts';

/** How the background reaches the host's document. */
export interface HostAccess {
  exists(): Promise<boolean>;
  /** Makes the document unless there is one. */
  ensure(): Promise<void>;
  readonly send: SendOneShot;
  /** Hands a port over; false when there is no host. */
  give(message: unknown, port: MessagePort): Promise<boolean>;
}

/** Runs a task after a delay, in this life of the background; returns a function that cancels it. */
export type Later = (task: () => void, delayMs: number) => () => void;

/** Everything outside the background that it works with; tests supply their own. */
export interface Environment {
  readonly local: StorageArea;
  readonly session: StorageArea;
  readonly windows: PromptWindows;
  readonly documents: Documents;
  readonly host: HostAccess;
  readonly setBadge: (tabId: number, sites: number) => Promise<void>;
  readonly now: Clock;
  readonly later: Later;
  readonly newToken: () => string;
  readonly logger: Logger;
}
