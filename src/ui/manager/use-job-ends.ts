import { useEffect, useRef } from 'preact/hooks';
import type { Job } from '../../protocol/store.ts';
import type { Action } from '../components/use-action.ts';
import { jobEnd } from '../model/job-text.ts';

/** Announces the end of jobs that this page saw running: nobody who does not look at it would hear of it otherwise. */
export function useJobEnds(
  jobs: readonly Job[] | undefined,
  titleOf: (model: string) => string,
  { announce }: Action,
): void {
  const running = useRef(new Set<string>());
  useEffect(() => {
    const ended: string[] = [];
    for (const job of jobs ?? []) {
      if (job.state === 'running') running.current.add(job.id);
      else if (running.current.delete(job.id)) ended.push(`${titleOf(job.model)}: ${jobEnd(job)}`);
    }
    // All in one: of several announcements at a time only the last is heard.
    if (ended.length > 0) announce(ended.join(' '));
  }, [jobs, titleOf, announce]);
}
