import { unreadable } from './unreadable.ts';

/** How long a file may take to open, to find its end, or to show one frame, in milliseconds. */
const STEP_MS = 20_000;

/** Waits for an event of an element whose file may turn out to be unreadable. */
export type Awaiter = (event: string) => Promise<void>;

/**
 * Opens a sound or video file in an element of the document for as long as `use` takes, and learns how long it is, in seconds.
 * The object URL is revoked and the file closed in every case. The document's policy must allow `media-src blob:`.
 *
 * @throws WebplatError `invalid-request` with `failure` for what cannot be played here, or takes too long
 */
export async function withMedia<T>(
  kind: 'audio' | 'video',
  bytes: ArrayBuffer,
  failure: string,
  signal: AbortSignal,
  use: (element: HTMLVideoElement, seconds: number, wait: Awaiter) => Promise<T>,
): Promise<T> {
  // The element would report it on the console, too.
  if (bytes.byteLength === 0) throw unreadable(failure);
  const element = document.createElement(kind) as HTMLVideoElement;
  const wait: Awaiter = (event) => waitFor(element, event, failure, signal);
  const url = URL.createObjectURL(new Blob([bytes]));
  try {
    element.muted = true;
    element.preload = 'auto';
    const opened = wait(kind === 'video' ? 'loadeddata' : 'loadedmetadata');
    element.src = url;
    await opened;
    const seconds = await duration(element, wait);
    if (!(seconds > 0)) throw unreadable(failure);
    return await use(element, seconds, wait);
  } finally {
    element.removeAttribute('src');
    element.load();
    URL.revokeObjectURL(url);
  }
}

/** Files written by recorders do not say how long they are; the place that seeking beyond the end leads to does. */
async function duration(element: HTMLMediaElement, wait: Awaiter): Promise<number> {
  if (Number.isFinite(element.duration)) return element.duration;
  const found = wait('seeked');
  element.currentTime = Number.MAX_SAFE_INTEGER;
  await found;
  return Number.isFinite(element.duration) ? element.duration : element.currentTime;
}

function waitFor(element: HTMLMediaElement, event: string, failure: string, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const listen = { signal: stop.signal };
  const refuse = () => reject(unreadable(failure));
  element.addEventListener(event, () => resolve(), listen);
  element.addEventListener('error', refuse, listen);
  signal.addEventListener('abort', () => reject(signal.reason), listen);
  AbortSignal.timeout(STEP_MS).addEventListener('abort', refuse, listen);
  if (signal.aborted) reject(signal.reason);
  return promise.finally(() => stop.abort());
}
