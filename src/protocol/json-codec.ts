import { LIMITS } from './limits.ts';
import { WebplatError } from './webplat-error.ts';

/**
 * Messages as text, for browsers whose runtime ports carry JSON only. An ArrayBuffer becomes `{ "$": base64 }`; an object
 * that has a key `$` of its own becomes `{ "$": null, "of": [[key, value], ...] }`, so no message can be taken for another.
 * Envelopes hold no typed arrays, dates, maps or cycles.
 * @throws WebplatError `invalid-request` when the text would be longer than {@link LIMITS.jsonChars}
 */
export function encodeJson(message: unknown): string {
  const text = JSON.stringify(pack(message));
  if (text.length > LIMITS.jsonChars) throw tooLarge(text.length);
  return text;
}

/**
 * The inverse of {@link encodeJson}. The size is checked before anything is parsed.
 * @throws WebplatError `invalid-request` when the text is too long or no encoded message
 */
export function decodeJson(text: unknown): unknown {
  if (typeof text !== 'string') throw new WebplatError('invalid-request', 'The message is not text.');
  if (text.length > LIMITS.jsonChars) throw tooLarge(text.length);
  try {
    return unpack(JSON.parse(text), 0);
  } catch {
    throw new WebplatError('invalid-request', 'The message is damaged.');
  }
}

function tooLarge(requested: number): WebplatError {
  const detail = "The message is too large for this document's connection.";
  return new WebplatError('invalid-request', detail, { requested, quota: LIMITS.jsonChars });
}

function pack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ArrayBuffer) return { $: toBase64(new Uint8Array(value)) };
  if (Array.isArray(value)) return value.map(pack);
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [key, pack(item)]);
  return Object.hasOwn(value, '$') ? { $: null, of: entries } : Object.fromEntries(entries);
}

/** An envelope, its params and their tensors nest deeper than the params alone. */
const MAX_DEPTH = LIMITS.messageDepth + 8;

function unpack(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new RangeError('nested too deeply');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => unpack(item, depth + 1));
  const object = value as Record<string, unknown>;
  if (typeof object.$ === 'string') return fromBase64(object.$);
  const entries = '$' in object ? (object.of as [string, unknown][]) : Object.entries(object);
  return Object.fromEntries(entries.map(([key, item]) => [key, unpack(item, depth + 1)]));
}

/** Characters that one `String.fromCharCode` call takes; a multiple of three, so that pieces concatenate. */
const PIECE = 24_576;

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE)));
  }
  return text;
}

function fromBase64(text: string): ArrayBuffer {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes.buffer;
}
