import { Notice } from './notice.tsx';

interface PageNoticesProps {
  /** What failed last, for the user. */
  readonly problem: string | undefined;
  /** Whether the stored permissions could not be read. */
  readonly storeError: boolean;
}

/** What a page says above everything else when something is wrong. */
export function PageNotices({ problem, storeError }: PageNoticesProps) {
  return (
    <>
      {problem && (
        <Notice tone="danger" alert>
          {problem}
        </Notice>
      )}
      {storeError && (
        <Notice tone="danger">
          <b>The stored permissions were unreadable.</b> To be safe, every site has lost its permission; each can ask
          again.
        </Notice>
      )}
    </>
  );
}
