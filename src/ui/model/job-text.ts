import type { Job } from '../../protocol/store.ts';
import { formatBytes, formatCount, formatPlural } from '../format/numbers.ts';
import { fileErrorText } from './error-text.ts';

const RUNNING: Readonly<Record<Job['kind'], string>> = {
  check: 'Checking',
  import: 'Importing',
  export: 'Checking before the export',
};

const ACTS: Readonly<Record<Job['kind'], string>> = {
  check: 'checking',
  import: 'importing',
  export: 'exporting',
};

/** What the job is, for the name of a button: `checking`. */
export const jobAct = ({ kind }: Job): string => ACTS[kind];

/** How far a job is. */
export function jobFigure({ kind, doneFiles, totalFiles, doneBytes, totalBytes }: Job): string {
  if (totalFiles === 0) return `${RUNNING[kind]} …`;
  const files = `${formatCount(doneFiles)} of ${formatPlural(totalFiles, 'file')}`;
  return `${RUNNING[kind]}: ${files}, ${formatBytes(doneBytes, '0 bytes')} of ${formatBytes(totalBytes, '0 bytes')}`;
}

/** How a job ended: what was looked at, what was found, and what was done about it. */
export function jobEnd(job: Job): string {
  const { kind, state, doneFiles, totalFiles, totalBytes } = job;
  if (state === 'failed') return job.error ? fileErrorText(job.error) : 'It failed.';
  if (kind === 'check') {
    const checked =
      state === 'stopped'
        ? `Stopped after ${formatCount(doneFiles)} of ${formatPlural(totalFiles, 'file')}`
        : `${formatPlural(doneFiles, 'file')} checked`;
    return `${checked}, ${damageText(job)}`;
  }
  if (state === 'stopped') return kind === 'import' ? 'Stopped. Nothing of it was kept.' : 'Stopped.';
  return kind === 'import'
    ? `${formatPlural(doneFiles, 'file')} imported, ${formatBytes(totalBytes, '0 bytes')}.`
    : 'Every file is intact.';
}

function damageText({ state, model, damagedFiles, damaged }: Job): string {
  if (damagedFiles === 0) return state === 'stopped' ? 'none of them damaged.' : 'all intact.';
  const more = damagedFiles - damaged.length;
  const names = [...damaged, ...(more > 0 ? [`${formatCount(more)} more`] : [])].join(', ');
  const cure = model.startsWith('file:')
    ? 'What is damaged left the disk: import the model again to replace it.'
    : 'What is damaged left the disk and is downloaded anew at the next use.';
  return `${formatCount(damagedFiles)} damaged: ${names}. ${cure}`;
}
