import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Fault } from './faults.ts';
import type { HubFile } from './repo.ts';

export interface SendOptions {
  readonly range: string | undefined;
  readonly fault: Fault | undefined;
  readonly bytesPerS: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  onSent(bytes: number): void;
}

const PIECE_BYTES = 256 * 1024;
const TICKS_PER_S = 20;

/** Sends a file or a range of it, as well or as badly as it is told to. */
export async function sendFile(response: ServerResponse, file: HubFile, options: SendOptions): Promise<void> {
  const { fault, headers } = options;
  const asked = fault?.kind === 'no-ranges' ? undefined : parseRange(options.range, file.bytes);
  if (asked === 'unsatisfiable') {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${file.bytes}` }).end();
    return;
  }
  let [begin, end] = asked ?? [0, file.bytes];
  if (fault?.kind === 'wrong-range' && asked) [begin, end] = begin > 0 ? [begin - 1, end - 1] : [1, end];
  const length = end - begin + (fault?.kind === 'wrong-length' ? 1 : 0);
  const all = {
    ...headers,
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    etag: fault?.kind === 'etag' ? fault.etag : `"${file.lfs ? file.sha256 : file.gitOid}"`,
    ...(asked && { 'content-range': `bytes ${begin}-${end - 1}/${file.bytes}` }),
  };
  if (fault?.kind === 'gzip') {
    const body = await promisify(gzip)(await file.read(begin, end));
    response.writeHead(asked ? 206 : 200, { ...all, 'content-encoding': 'gzip', 'content-length': body.byteLength });
    response.end(body);
    options.onSent(body.byteLength);
    return;
  }
  response.writeHead(asked ? 206 : 200, { ...all, 'content-length': length });
  await sendBody(response, file, begin, end, options);
}

async function sendBody(
  response: ServerResponse,
  file: HubFile,
  begin: number,
  end: number,
  { fault, bytesPerS, onSent }: SendOptions,
): Promise<void> {
  const rate = fault?.kind === 'drip' ? fault.bytesPerS : bytesPerS;
  const stopAt = fault?.kind === 'stall' || fault?.kind === 'reset' ? begin + fault.after : end;
  const step = rate ? Math.max(1, Math.floor(rate / TICKS_PER_S)) : PIECE_BYTES;
  for (let at = begin; at < Math.min(end, stopAt); at += step) {
    if (response.destroyed) return;
    let piece = await file.read(at, Math.min(at + step, end, stopAt));
    if (fault?.kind === 'corrupt' && fault.at >= at && fault.at < at + piece.byteLength) {
      piece = Uint8Array.from(piece);
      piece[fault.at - at] = (piece[fault.at - at] ?? 0) ^ 1;
    }
    onSent(piece.byteLength);
    if (!response.write(piece)) await drained(response);
    if (rate) await new Promise((resolve) => setTimeout(resolve, 1000 / TICKS_PER_S));
  }
  if (fault?.kind === 'stall') return;
  if (fault?.kind === 'reset' || fault?.kind === 'wrong-length') response.destroy();
  else response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

function parseRange(header: string | undefined, bytes: number): [number, number] | 'unsatisfiable' | undefined {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === undefined) return undefined;
  const end = to ? Math.min(Number(to) + 1, bytes) : bytes;
  return Number(from) >= bytes ? 'unsatisfiable' : [Number(from), end];
}
