import { setTimeout as pause } from 'node:timers/promises';
import type { ExtensionBrowser } from './extension-browser.ts';
import type { Target } from './targets.ts';

/** What the JavaScript of the host takes, workers included. */
export interface HeapBytes {
  /** Objects, strings and code. */
  readonly objects: number;
  /** Array buffers, memories of WebAssembly modules among them. */
  readonly buffers: number;
}

/** Watches the host's heaps until it is stopped. */
export interface HeapWatch {
  /** The most of both together since the last call, or since the beginning. */
  takePeak(): HeapBytes;
  stop(): Promise<void>;
}

const EVERY_MS = 100;
const NOTHING: HeapBytes = { objects: 0, buffers: 0 };

/**
 * Reads the heaps of the offscreen document and its workers again and again, because they tell what they take now and not
 * what they took. One that computes answers late: until then it counts with what it said last.
 */
export function watchHeaps(browser: ExtensionBrowser): HeapWatch {
  const last = new Map<Target['channel'], HeapBytes>();
  const asking = new Set<Target['channel']>();
  let peak = NOTHING;

  function ask(channel: Target['channel']): void {
    if (asking.has(channel)) return;
    asking.add(channel);
    channel
      .send('Runtime.getHeapUsage')
      .then(
        (usage) => last.set(channel, heapOf(usage as Record<string, number>)),
        // It ended.
        () => last.delete(channel),
      )
      .finally(() => asking.delete(channel));
  }

  function look(): void {
    const channels = browser.targets
      .all()
      .filter(isHost)
      .map(({ channel }) => channel);
    for (const channel of channels) ask(channel);
    const now = channels.map((channel) => last.get(channel) ?? NOTHING).reduce(addHeaps, NOTHING);
    if (now.objects + now.buffers > peak.objects + peak.buffers) peak = now;
  }

  const end = new AbortController();
  const watching = (async () => {
    while (!end.signal.aborted) {
      look();
      await pause(EVERY_MS);
    }
  })();
  return {
    takePeak() {
      const taken = peak;
      peak = NOTHING;
      return taken;
    },
    async stop() {
      end.abort();
      await watching;
    },
  };
}

const isHost = ({ type, url }: Target) =>
  url.startsWith('chrome-extension://') && (type === 'background_page' || type === 'worker');

const heapOf = ({ usedSize = 0, embedderHeapUsedSize = 0, backingStorageSize = 0 }): HeapBytes => ({
  objects: usedSize + embedderHeapUsedSize,
  buffers: backingStorageSize,
});

const addHeaps = (a: HeapBytes, b: HeapBytes): HeapBytes => ({
  objects: a.objects + b.objects,
  buffers: a.buffers + b.buffers,
});
