import type { Job } from '../../protocol/store.ts';
import type { StoreView } from '../client.ts';
import { Progress } from '../components/progress.tsx';
import { formatBytes } from '../format/numbers.ts';
import { downloadFigure } from '../model/disk-text.ts';
import { jobAct, jobEnd, jobFigure } from '../model/job-text.ts';
import { ActButton } from './act-button.tsx';
import type { Writing } from './use-export.ts';

interface WorkListProps {
  readonly store: StoreView;
  readonly writing: readonly Writing[];
  readonly titleOf: (model: string) => string;
  readonly onDownload: (model: string, act: 'fetch' | 'cancel') => void;
  readonly onJob: (job: Job, act: 'stop' | 'dismiss') => void;
  readonly onStopWriting: (model: string) => void;
}

/** Downloads, checks, imports and exports: how far each is, with a button that stops it, and how it ended. */
export function WorkList({ store, writing, titleOf, onDownload, onJob, onStopWriting }: WorkListProps) {
  // The check before an export may have ended since the store was looked at.
  const isWritten = ({ kind, model }: Job) => kind === 'export' && writing.some(({ card }) => card.name === model);
  const jobs = store.jobs.filter((job) => !isWritten(job));
  if (store.downloads.length + jobs.length + writing.length === 0) return null;
  return (
    <ul class="card other-list work" aria-label="Under way">
      {store.downloads.map((download) => (
        <li key={download.name} class="other">
          <div class="other-text">
            <Progress
              label={titleOf(download.name)}
              text={downloadFigure(download)}
              value={download.presentBytes}
              max={download.totalBytes}
            />
            {download.error && <p class="field-error">{download.error}</p>}
          </div>
          <ActButton
            act={download.error ? 'Try again to download' : 'Stop downloading'}
            title={titleOf(download.name)}
            label={download.error ? 'Try again' : 'Stop'}
            onClick={() => onDownload(download.name, download.error ? 'fetch' : 'cancel')}
          />
        </li>
      ))}
      {jobs.map((job) => (
        <JobRow key={job.id} job={job} title={titleOf(job.model)} onJob={onJob} />
      ))}
      {writing.map(({ card, writtenBytes, totalBytes }) => (
        <li key={`write ${card.name}`} class="other">
          <div class="other-text">
            <Progress
              label={card.title}
              text={`Writing the archive: ${formatBytes(writtenBytes, '0 bytes')} of ${formatBytes(totalBytes)}`}
              value={writtenBytes}
              max={totalBytes}
            />
          </div>
          <ActButton act="Stop exporting" title={card.title} label="Stop" onClick={() => onStopWriting(card.name)} />
        </li>
      ))}
    </ul>
  );
}

interface JobRowProps extends Pick<WorkListProps, 'onJob'> {
  readonly job: Job;
  readonly title: string;
}

function JobRow({ job, title, onJob }: JobRowProps) {
  if (job.state === 'running') {
    return (
      <li class="other">
        <div class="other-text">
          <Progress label={title} text={jobFigure(job)} value={job.doneBytes} max={job.totalBytes} />
        </div>
        <ActButton act={`Stop ${jobAct(job)}`} title={title} label="Stop" onClick={() => onJob(job, 'stop')} />
      </li>
    );
  }
  const bad = job.state === 'failed' || job.damagedFiles > 0;
  return (
    <li class="other">
      <div class="other-text">
        <p class="strong">{title}</p>
        <p class={bad ? 'field-error' : 'quiet'}>{jobEnd(job)}</p>
      </div>
      <ActButton
        act={`Dismiss the result of ${jobAct(job)}`}
        title={title}
        label="Dismiss"
        onClick={() => onJob(job, 'dismiss')}
      />
    </li>
  );
}
