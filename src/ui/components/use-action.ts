import { useCallback, useState } from 'preact/hooks';
import { errorText } from '../model/error-text.ts';
import { type Announcement, useAnnouncement } from './live-region.tsx';

/** Runs something the user asked for and keeps what to tell about it. */
export interface Action {
  /** `done` turns the result into what is announced. Resolves to whether it worked; never rejects. */
  readonly run: <T>(work: () => Promise<T>, done: (result: T) => string) => Promise<boolean>;
  /** Says something that happened without an action of this page. */
  readonly announce: (text: string) => void;
  /** What happened last, for a live region. */
  readonly announcement: Announcement;
  readonly failure: string | undefined;
}

/** Actions of one page; `settled` is called after each, so that the page can refresh. */
export function useAction(settled: () => void): Action {
  const [announcement, announce] = useAnnouncement();
  const [failure, setFailure] = useState<string>();
  const run = useCallback(
    async <T>(work: () => Promise<T>, done: (result: T) => string) => {
      setFailure(undefined);
      try {
        announce(done(await work()));
        return true;
      } catch (error) {
        setFailure(errorText(error));
        return false;
      } finally {
        settled();
      }
    },
    [announce, settled],
  );
  return { run, announce, announcement, failure };
}
