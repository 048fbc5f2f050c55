import * as v from 'valibot';
import { matchesHost } from '../../protocol/hosts.ts';
import { DownloadSettings } from '../../protocol/settings.ts';
import { boundsOf, type LabelledMeasure, measureText, parseMeasure } from './measure.ts';

const { entries } = DownloadSettings;

type MeasuredDownload = 'bandwidthBytesPerS' | 'diskBudgetBytes' | 'diskReserveBytes';
type ListedDownload = 'mirrors' | 'hosts' | 'models';

export const DOWNLOAD_FIELDS: Readonly<Record<MeasuredDownload, LabelledMeasure>> = {
  diskBudgetBytes: {
    label: 'Disk space for models',
    hint: 'The least recently used models leave the disk when it is full.',
    unit: 'GB',
    scale: 2 ** 30,
    digits: 2,
    ...boundsOf(entries.diskBudgetBytes),
  },
  diskReserveBytes: {
    label: 'Disk space to leave free',
    hint: 'Nothing is downloaded that would take it.',
    unit: 'GB',
    scale: 2 ** 30,
    digits: 2,
    ...boundsOf(entries.diskReserveBytes),
  },
  bandwidthBytesPerS: {
    label: 'Download at most',
    hint: '0 for as fast as it goes.',
    unit: 'MB a second',
    scale: 10 ** 6,
    digits: 2,
    ...boundsOf(entries.bandwidthBytesPerS),
  },
};

export const DOWNLOAD_KEYS = Object.keys(DOWNLOAD_FIELDS) as readonly MeasuredDownload[];

interface ListField {
  readonly label: string;
  readonly hint: string;
  /** What a line that is wrong should have been. */
  readonly wanted: string;
}

/** Lists, one entry a line. */
export const LIST_FIELDS: Readonly<Record<ListedDownload, ListField>> = {
  models: {
    label: 'Models that sites may have downloaded',
    hint: 'One a line; * at the end stands for anything. A site also needs your permission for the model.',
    wanted: 'a name like hf:ORG/NAME or the beginning of one and *',
  },
  hosts: {
    label: 'Hosts to download from',
    hint: 'One a line; *. stands for everything below a name. Redirects stay within them too.',
    wanted: 'a host like example.org, *.example.org or 127.0.0.1:8080',
  },
  mirrors: {
    label: 'Mirrors of the hub',
    hint: 'One a line. They are asked beside the hub; what they send is checked like everything else.',
    wanted: 'an address like https://example.org',
  },
};

export const LIST_KEYS = Object.keys(LIST_FIELDS) as readonly ListedDownload[];

/** The settings of downloads as the user edits them, as typed. */
export interface DownloadDraft {
  readonly hubUrl: string;
  readonly lists: Readonly<Record<ListedDownload, string>>;
  readonly numbers: Readonly<Record<MeasuredDownload, string>>;
  readonly metered: DownloadSettings['metered'];
}

export type DownloadErrors = Partial<Record<'hubUrl' | ListedDownload | MeasuredDownload, string>>;
export type EditedDownloads =
  | { readonly ok: true; readonly downloads: DownloadSettings }
  | { readonly ok: false; readonly errors: DownloadErrors };

/** A draft that changes nothing. */
export function downloadDraftOf(downloads: DownloadSettings): DownloadDraft {
  return {
    hubUrl: downloads.hubUrl,
    lists: mapKeys(LIST_KEYS, (key) => downloads[key].join('\n')),
    numbers: mapKeys(DOWNLOAD_KEYS, (key) => measureText(DOWNLOAD_FIELDS[key], downloads[key])),
    metered: downloads.metered,
  };
}

/** Turns a draft into settings, or says what is wrong with each field. */
export function editDownloads(before: DownloadSettings, draft: DownloadDraft): EditedDownloads {
  const errors: DownloadErrors = {};
  const numbers = mapKeys(DOWNLOAD_KEYS, (key) => {
    const text = draft.numbers[key];
    if (text.trim() === measureText(DOWNLOAD_FIELDS[key], before[key])) return before[key];
    const typed = parseMeasure(DOWNLOAD_FIELDS[key], text);
    if (typed.ok) return typed.value;
    errors[key] = typed.error;
    return before[key];
  });
  const hubUrl = tidyUrl(draft.hubUrl);
  if (!v.is(entries.hubUrl, hubUrl)) errors.hubUrl = 'Type an address like https://example.org.';
  const lists = mapKeys(LIST_KEYS, (key) => {
    const lines = linesOf(key, draft.lists[key]);
    const wrong = lines.find((line) => !v.is(entries[key], [line]));
    if (wrong !== undefined) errors[key] = `${wrong.slice(0, 64)} is not ${LIST_FIELDS[key].wanted}.`;
    else if (!v.is(entries[key], lines)) errors[key] = 'Too many lines.';
    return lines;
  });
  const asked = [hubUrl, ...lists.mirrors].filter((url) => URL.canParse(url)).map((url) => new URL(url));
  const shut = asked.find(({ host }) => !lists.hosts.some((pattern) => matchesHost(pattern, host)));
  if (shut && !errors.hubUrl && !errors.mirrors && !errors.hosts)
    errors.hosts = `Add ${shut.host}, which is to be asked.`;
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, downloads: { ...numbers, ...lists, hubUrl, metered: draft.metered } };
}

const tidyUrl = (text: string): string => text.trim().toLowerCase().replace(/\/$/, '');

/** The lines that say something, each once; hosts and addresses know no capitals. */
function linesOf(key: ListedDownload, text: string): string[] {
  const tidy = key === 'models' ? (line: string) => line.trim() : tidyUrl;
  return [...new Set(text.split('\n').map(tidy).filter(Boolean))];
}

function mapKeys<K extends string, T>(keys: readonly K[], each: (key: K) => T): Record<K, T> {
  return Object.fromEntries(keys.map((key) => [key, each(key)])) as Record<K, T>;
}
