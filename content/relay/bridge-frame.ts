import { extensionOrigin, extensionUrl } from '../../src/platform/port.ts';
import { BRIDGE_PAGE, type FromBridge, type ToBridge } from '../bridge-words.ts';

/** Until the frame loaded; until the loaded frame speaks, which a frame that the document forbids never does; and until
 * the host has the port, for which the background may have to start first. */
const DEADLINES_MS = { load: 2_000, greet: 500, give: 5_000 } as const;

/** The host has the port; nobody knows where it went; or the port itself, where the frame was of no use. */
export type HandedOver = 'attached' | 'lost' | MessagePort;

/**
 * Hands `page` to the host through a hidden extension frame, where the document does not forbid one (COEP). `attached`
 * settles when the host serves the port. Until then the frame stays: browsers drop a message whose sender is gone before
 * the service worker is told of it.
 */
export async function handOver(
  token: string,
  page: MessagePort,
  attached: Promise<void>,
  signal: AbortSignal,
): Promise<HandedOver> {
  // Such documents never get the frame to run: an opaque origin has no service worker, and a document that is isolated
  // embeds no resource of a dynamic address.
  if (self.origin === 'null' || crossOriginIsolated || signal.aborted) return page;
  const url = extensionUrl(BRIDGE_PAGE);
  if (!url || !document.documentElement) return page;
  const frame = insertFrame(url);
  const { port1: talk, port2 } = new MessageChannel();
  try {
    if (!(await greet(frame.element, talk, port2, signal))) return page;
    return await give(talk, token, page, attached, signal);
  } finally {
    talk.close();
    frame.remove();
  }
}

interface Frame {
  readonly element: HTMLIFrameElement;
  remove(): void;
}

/** In a closed shadow root: out of reach of the page's selectors and styles, of its reader, its keyboard and its eyes. */
function insertFrame(url: string): Frame {
  const element = document.createElement('iframe');
  const host = document.createElement('webplat-bridge');
  for (const node of [element, host]) {
    node.hidden = true;
    node.inert = true;
    node.setAttribute('aria-hidden', 'true');
    node.setAttribute('style', 'display: none !important');
  }
  element.tabIndex = -1;
  element.src = url;
  host.attachShadow({ mode: 'closed' }).append(element);
  document.documentElement.append(host);
  return { element, remove: () => host.remove() };
}

/** Gives the loaded frame a port to talk on; true when the bridge answers, false when it does not in time. */
async function greet(
  element: HTMLIFrameElement,
  talk: MessagePort,
  given: MessagePort,
  signal: AbortSignal,
): Promise<boolean> {
  const loaded = new Promise<void>((resolve) => element.addEventListener('load', () => resolve(), { once: true }));
  if (
    !(await within(
      DEADLINES_MS.load,
      loaded.then(() => true),
      signal,
    ))
  )
    return false;
  // Only our own page may get the port: a site can navigate any frame, also one that it cannot see.
  element.contentWindow?.postMessage('webplat', extensionOrigin() ?? location.origin, [given]);
  return (await within(DEADLINES_MS.greet, nextWord(talk), signal))?.word === 'ready';
}

/** Sends token and port, and waits until the host has the port or it came back. */
async function give(
  talk: MessagePort,
  token: string,
  page: MessagePort,
  attached: Promise<void>,
  signal: AbortSignal,
): Promise<HandedOver> {
  const back = new Promise<MessagePort>((resolve) => {
    talk.onmessage = ({ ports: [port] }) => {
      if (port) resolve(port);
    };
  });
  talk.postMessage({ token } satisfies ToBridge, [page]);
  const outcome = Promise.race([back, attached.then(() => 'attached' as const)]);
  return (await within(DEADLINES_MS.give, outcome, signal)) ?? 'lost';
}

function nextWord(talk: MessagePort): Promise<FromBridge> {
  return new Promise((resolve) => {
    talk.onmessage = ({ data }) => resolve(data as FromBridge);
  });
}

/** What `work` settles with, or undefined after the deadline or when `signal` aborts. */
function within<T>(deadlineMs: number, work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), deadlineMs);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    work.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
