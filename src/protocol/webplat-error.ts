import { ERRORS, type ErrorCode } from './error-table.ts';
import type { ErrorData, WireError } from './wire-error.ts';

/** The one error type of the trusted side. Anything else that is thrown reaches a page as `internal`, without its text. */
export class WebplatError extends Error {
  readonly code: ErrorCode;
  readonly data: ErrorData | undefined;

  constructor(code: ErrorCode, detail?: string, data?: ErrorData) {
    const { remedy } = ERRORS[code];
    super(detail ? `${detail} ${remedy}` : remedy);
    this.name = ERRORS[code].name;
    this.code = code;
    this.data = data;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/** Turns whatever was thrown into what may leave this context. */
export function toWireError(thrown: unknown): WireError {
  if (thrown instanceof WebplatError) {
    return { code: thrown.code, message: thrown.message.slice(0, 1024), ...(thrown.data && { data: thrown.data }) };
  }
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return { code: 'aborted', message: ERRORS.aborted.remedy };
  }
  return { code: 'internal', message: ERRORS.internal.remedy };
}

/** The inverse of {@link toWireError}; the message is kept as sent. */
export function fromWireError(wire: WireError): WebplatError {
  const error = new WebplatError(wire.code, undefined, wire.data);
  error.message = wire.message;
  return error;
}
