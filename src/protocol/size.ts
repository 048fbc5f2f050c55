import { WebplatError } from './errors.ts';
import { LIMITS } from './limits.ts';

/**
 * Refuses a message that is too large or too deep before a schema walks it or anything in it is decoded. Visits at most `LIMITS.messageNodes` nodes,
 * whatever was sent, so a hostile message costs a bounded amount of work.
 */
export function assertBounded(message: unknown): void {
  let nodes = 0;
  let bytes = 0;
  const visit = (value: unknown, depth: number): void => {
    if (++nodes > LIMITS.messageNodes) throw new WebplatError('invalid-request', 'The message has too many parts.');
    if (typeof value === 'string' && value.length > LIMITS.textChars) {
      throw new WebplatError('invalid-request', 'A text of the message is too long.', {
        requested: value.length,
        quota: LIMITS.textChars,
      });
    }
    if (typeof value !== 'object' || value === null) return;
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      bytes += value.byteLength;
      if (bytes <= LIMITS.inputBytes) return;
      const data = { requested: bytes, quota: LIMITS.inputBytes };
      throw new WebplatError('invalid-request', 'The buffers of the message are too large together.', data);
    }
    if (depth > LIMITS.messageDepth) throw new WebplatError('invalid-request', 'The message is nested too deeply.');
    if (Array.isArray(value)) {
      if (value.length > LIMITS.messageNodes) {
        throw new WebplatError('invalid-request', 'A list of the message is too long.', {
          requested: value.length,
          quota: LIMITS.messageNodes,
        });
      }
      for (const item of value) visit(item, depth + 1);
      return;
    }
    for (const key in value) visit((value as Record<string, unknown>)[key], depth + 1);
  };
  visit(message, 0);
}
