import { WebplatError } from '../../src/protocol/errors.ts';

/** The error of a file that cannot be read; `detail` says what is wrong, and what to send instead. */
export const unreadable = (detail: string): WebplatError =>
  new WebplatError('invalid-request', detail, { field: 'input' });
