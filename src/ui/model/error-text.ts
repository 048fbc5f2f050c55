import { WebplatError } from '../../protocol/errors.ts';

/** A failure in words for the user of the extension's own pages; pages of sites have their own remedies. */
export function errorText(error: unknown): string {
  // What is not ours comes from the browser, which had nobody to give the message to.
  if (!(error instanceof WebplatError) || error.code === 'disconnected') {
    return 'The rest of the extension does not answer. It may be restarting; try again in a moment.';
  }
  return 'That did not work. Try again, and reload the extension if it keeps failing.';
}
