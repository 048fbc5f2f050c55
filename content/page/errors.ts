import { ERRORS, type ErrorCode } from '../../src/protocol/error-table.ts';
import type { ErrorData, WireError } from '../../src/protocol/errors.ts';
import { define, freeze, hasOwn, NativeError, NativeTypeError } from './primordials.ts';

const { getOwnPropertyDescriptor } = Object;

/** What a page gets for a failed call: see `WebplatError` in `webplat.d.ts`. */
export function pageError(wire: WireError): Error {
  const code: ErrorCode = hasOwn(ERRORS, wire.code) ? wire.code : 'internal';
  const { name, retryable } = ERRORS[code];
  const error = withoutStack(() => (name === 'TypeError' ? new NativeTypeError() : new NativeError()));
  const data = hasOwn(wire, 'data') && wire.data ? wire.data : {};
  define(error, 'name', name);
  define(error, 'message', wire.message);
  define(error, 'code', code, true);
  define(error, 'data', freeze(data), true);
  define(error, 'retryable', retryable, true);
  // The text that an uncaught error shows; where it was made is nobody's business.
  define(error, 'stack', `${name}: ${wire.message}`);
  return error;
}

/** A wire error made on this side; the message is `detail` and what to do about the code. */
export function wireError(code: ErrorCode, detail = '', data: ErrorData | undefined = undefined): WireError {
  const { remedy } = ERRORS[code];
  return { code, message: detail === '' ? remedy : `${detail} ${remedy}`, data };
}

/** Makes an error that never had a stack, so that `Error.prepareStackTrace` has nothing to show. */
function withoutStack(make: () => Error): Error {
  const limit = getOwnPropertyDescriptor(NativeError, 'stackTraceLimit');
  const ours = limit !== undefined && hasOwn(limit, 'value') && limit.configurable === true;
  if (ours) define(NativeError, 'stackTraceLimit', 0, true);
  try {
    return make();
  } finally {
    if (ours) define(NativeError, 'stackTraceLimit', limit.value, true);
  }
}
