import type { Fault } from './faults.ts';

interface TextFault {
  readonly help: string;
  /** @param value what stands behind the colon; undefined is answered for what makes no sense. */
  of(value: string): Fault | undefined;
}

const plain = (kind: 'loop' | 'wrong-length' | 'wrong-range' | 'no-ranges' | 'gzip', help: string): TextFault => ({
  help,
  of: (value) => (value === '' ? { kind } : undefined),
});

const counted = (help: string, least: number, make: (count: number) => Fault): TextFault => ({
  help,
  of: (value) => (/^\d{1,15}$/.test(value) && Number(value) >= least ? make(Number(value)) : undefined),
});

const FAULTS: Readonly<Record<string, TextFault>> = {
  status: {
    help: 'status:503         answers with this status; 429 asks to wait for a second',
    of: (value) =>
      /^[45]\d\d$/.test(value)
        ? { kind: 'status', status: Number(value), ...(value === '429' && { headers: { 'retry-after': '1' } }) }
        : undefined,
  },
  redirect: {
    help: 'redirect:URL       redirects there',
    of: (value) => (URL.canParse(value) ? { kind: 'redirect', to: value } : undefined),
  },
  loop: plain('loop', 'loop               redirects in a circle'),
  'wrong-length': plain('wrong-length', 'wrong-length       says that the body is longer than it is'),
  'wrong-range': plain('wrong-range', 'wrong-range        sends another range'),
  'no-ranges': plain('no-ranges', 'no-ranges          sends the whole file instead of a range'),
  etag: {
    help: 'etag:TEXT          says that the file is another version',
    of: (value) => (/^[\w-]{1,64}$/.test(value) ? { kind: 'etag', etag: `"${value}"` } : undefined),
  },
  corrupt: counted('corrupt:OFFSET     changes one byte', 0, (at) => ({ kind: 'corrupt', at })),
  drip: counted('drip:BYTES         sends so many bytes a second', 1, (bytesPerS) => ({ kind: 'drip', bytesPerS })),
  stall: counted('stall:BYTES        sends so many bytes, then nothing', 0, (after) => ({ kind: 'stall', after })),
  reset: counted('reset:BYTES        ends the connection after so many bytes', 0, (after) => ({
    kind: 'reset',
    after,
  })),
  gzip: plain('gzip', 'gzip               compresses the body, unasked'),
  body: { help: 'body:TEXT          answers with this text', of: (body) => ({ kind: 'body', body }) },
};

/** Every fault that can be asked for, one a line. */
export const describeFaults = (indent: string): string =>
  Object.values(FAULTS)
    .map(({ help }) => indent + help)
    .join('\n');

/** `PATTERN=FAULT` or `PATTERN=FAULT:VALUE`; the pattern is a regular expression over the path with its query. */
export function parseFault(
  text: string,
): { readonly path: RegExp; readonly fault: Fault } | { readonly problem: string } {
  const match = /^(.+?)=([a-z-]+)(?::(.*))?$/s.exec(text);
  if (!match) return { problem: '--fault takes PATTERN=FAULT.' };
  const [, pattern = '', kind = '', value = ''] = match;
  const fault = Object.hasOwn(FAULTS, kind) ? FAULTS[kind]?.of(value) : undefined;
  if (!fault) return { problem: `${kind}${value && `:${value}`} is no fault that the hub knows.` };
  try {
    return { path: new RegExp(pattern), fault };
  } catch {
    return { problem: `${pattern} is no regular expression.` };
  }
}
