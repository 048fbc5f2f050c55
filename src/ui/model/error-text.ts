import { WebplatError, type WireError } from '../../protocol/errors.ts';

/** A failure in words for the user of the extension's own pages; pages of sites have their own remedies. */
export function errorText(error: unknown): string {
  // What is not ours comes from the browser, which had nobody to give the message to.
  if (!(error instanceof WebplatError) || error.code === 'disconnected') {
    return 'The rest of the extension does not answer. It may be restarting; try again in a moment.';
  }
  return fileErrorText(error);
}

/** Why files could not be taken in, handed out or checked; what else fails has no words that would help. */
export function fileErrorText({ code, data }: Pick<WireError, 'code'> & { readonly data?: WireError['data'] }): string {
  if (code === 'storage-full')
    return 'There is not enough room on disk. Remove other models, or allow more space below.';
  if (code === 'model-unsupported') return data?.reason ?? 'Models of this kind are not supported.';
  if (code === 'files-refused' && data?.reason !== undefined) return data.reason;
  return 'That did not work. Try again, and reload the extension if it keeps failing.';
}
