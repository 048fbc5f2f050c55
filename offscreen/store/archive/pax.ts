import { MOST_USTAR_BYTES, MOST_USTAR_NAME } from './tar-header.ts';

/** What a pax record may change about the next header. */
export interface PaxFields {
  readonly path?: string;
  readonly size?: number;
}

/** Records of `LENGTH KEY=VALUE\n`, LENGTH in bytes with itself. Undefined when they are not well formed. */
export function readPax(content: Uint8Array): PaxFields | undefined {
  const fields: { path?: string; size?: number } = {};
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let at = 0;
  while (at < content.byteLength) {
    const blank = content.indexOf(0x20, at);
    const digits = blank < 0 ? '' : String.fromCharCode(...content.subarray(at, Math.min(blank, at + 8)));
    const length = /^[1-9]\d{0,6}$/.test(digits) && blank - at === digits.length ? Number(digits) : 0;
    const end = at + length;
    if (length === 0 || end > content.byteLength || end <= blank + 1 || content[end - 1] !== 0x0a) return undefined;
    let record: string;
    try {
      record = decoder.decode(content.subarray(blank + 1, end - 1));
    } catch {
      return undefined;
    }
    const equals = record.indexOf('=');
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === 'path') fields.path = value;
    if (key === 'size') {
      if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value))) return undefined;
      fields.size = Number(value);
    }
    at = end;
  }
  return fields;
}

/** The records that a header of this name and size needs; empty where the header itself can say all. */
export function writePax(name: string, bytes: number): Uint8Array<ArrayBuffer> {
  const records = [
    ...(name.length > MOST_USTAR_NAME ? [record('path', name)] : []),
    ...(bytes > MOST_USTAR_BYTES ? [record('size', String(bytes))] : []),
  ];
  return new TextEncoder().encode(records.join(''));
}

/** Names inside models are plain ASCII, so that characters are bytes. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return `${length}${rest}`;
}
