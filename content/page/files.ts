import type { WireError } from '../../src/protocol/errors.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { Route } from './connection.ts';
import { wireError } from './errors.ts';
import {
  askForBlob,
  baseOf,
  blobBytes,
  loadedBytes,
  NativeFileReader,
  NativeURL,
  NativeXMLHttpRequest,
  openRequest,
  ownOrigin,
  readBlob,
  readResult,
  requestResponse,
  requestStatus,
  sendRequest,
  stopReading,
  stopRequest,
  urlHref,
  urlOrigin,
  urlProtocol,
} from './media-primordials.ts';
import { listen } from './primordials.ts';
import { refuse, text } from './read.ts';

/** Hears how reading ended: bytes, or what is wrong with the argument. */
type Read = (bytes: ArrayBuffer | undefined, expectation: string) => void;

/** Begins to read and returns how to stop. */
type Reading = (done: Read) => () => void;

/** A file of the page that is read when it is known that the call may be made. */
export interface PendingFile {
  readonly field: string;
  readonly read: Reading;
  keep(bytes: ArrayBuffer): void;
}

const UNREADABLE = 'could not be read';
const TOO_LARGE = `has more than ${LIMITS.mediaBytes} bytes`;
/** Characters of a URL: enough for a `data:` URL of the largest file. */
const URL_CHARS = LIMITS.mediaBytes * 2;

/** Bytes of a Blob or File, or undefined for anything else. */
export function sizeOfBlob(value: unknown): number | undefined {
  try {
    return blobBytes(value as Blob);
  } catch {
    return undefined;
  }
}

function wrongSize(bytes: number): string {
  if (bytes === 0) return 'is empty';
  return bytes > LIMITS.mediaBytes ? TOO_LARGE : '';
}

/** How a Blob of this many bytes is read. */
export function blobReading(field: string, blob: Blob, bytes: number): Reading {
  const wrong = wrongSize(bytes);
  return wrong === '' ? (done) => startBlob(blob, done) : refuse(field, wrong);
}

function startBlob(blob: Blob, done: Read): () => void {
  const reader = new NativeFileReader();
  listen(reader, 'load', () => done(readResult(reader) as ArrayBuffer, ''));
  listen(reader, 'error', () => done(undefined, UNREADABLE));
  readBlob(reader, blob);
  return () => stopReading(reader);
}

/**
 * How a URL of the page's own data is read: by the document itself, with its rights and under its policies. The request is
 * opened now, because that is when a `blob:` URL is looked up; the site may revoke it as soon as the call returns.
 */
export function urlReading(field: string, value: string): Reading {
  const href = ownUrl(field, text(field, value, 1, URL_CHARS));
  const request = new NativeXMLHttpRequest();
  try {
    openRequest(request, 'GET', href);
  } catch {
    return refuse(field, UNREADABLE);
  }
  askForBlob(request, 'blob');
  return (done) => startRequest(request, done);
}

function ownUrl(field: string, value: string): string {
  let url: URL;
  try {
    url = new NativeURL(value, baseOf(document));
  } catch {
    return refuse(field, 'must be a URL');
  }
  if (urlProtocol(url) === 'data:' || urlOrigin(url) === ownOrigin) return urlHref(url);
  return refuse(field, 'must be a data: or blob: URL, or one of the same origin; fetch others and pass the Blob');
}

function startRequest(request: XMLHttpRequest, done: Read): () => void {
  let stop = () => stopRequest(request);
  listen(request, 'progress', (event) => {
    if (loadedBytes(event as ProgressEvent) <= LIMITS.mediaBytes) return;
    stop();
    done(undefined, TOO_LARGE);
  });
  listen(request, 'error', () => done(undefined, UNREADABLE));
  listen(request, 'load', () => {
    const status = requestStatus(request);
    const blob = requestResponse(request);
    const bytes = sizeOfBlob(blob);
    if (bytes === undefined || status < 200 || status > 299) {
      done(undefined, `could not be read: status ${status}`);
      return;
    }
    const wrong = wrongSize(bytes);
    if (wrong === '') stop = startBlob(blob as Blob, done);
    else done(undefined, wrong);
  });
  sendRequest(request);
  return () => stop();
}

/**
 * A route that is ready when the files are read, too. The user is asked first, while the click still counts; nothing is read
 * for a call that is refused.
 */
export function afterFiles(route: Route, files: readonly PendingFile[]): Route {
  if (files.length === 0) return route;
  return (ready) => {
    let stop = () => {};
    const leave = route((client, error) => {
      if (!client) {
        ready(undefined, error);
        return;
      }
      const next = (at: number): void => {
        const file = files[at];
        if (file) stop = readFile(file, (failure) => (failure ? ready(undefined, failure) : next(at + 1)));
        // Asked again, because the client may have gone meanwhile.
        else stop = route(ready);
      };
      next(0);
    });
    return () => {
      leave();
      stop();
    };
  };
}

function readFile(file: PendingFile, done: (failure: WireError | undefined) => void): () => void {
  const { field } = file;
  return file.read((bytes, expectation) => {
    if (bytes) file.keep(bytes);
    done(bytes ? undefined : wireError('invalid-request', `${field} ${expectation}.`, { field }));
  });
}
