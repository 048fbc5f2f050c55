import type { Download, StoreAct, StoredModel, StoreOutcome } from '../../protocol/store.ts';
import { formatBytes, formatPlural } from '../format/numbers.ts';
import { formatRelative } from '../format/time.ts';

/** What is on disk of a model and for whom. */
export function storedFacts(model: StoredModel, now: number): readonly string[] {
  const { card, storedBytes, compiledBytes, sites, lastUsedAt } = model;
  const whole = card.downloadBytes === 0;
  return [
    whole
      ? `${formatBytes(storedBytes)} of files`
      : `${formatBytes(storedBytes)} of ${formatBytes(card.diskBytes)} here`,
    ...(compiledBytes > 0 ? [`${formatBytes(compiledBytes)} compiled`] : []),
    sites.length === 0 ? 'used by no site' : `used by ${formatPlural(sites.length, 'site')}`,
    `last used ${formatRelative(lastUsedAt, now)}`,
  ];
}

/** How far a download is, and how fast. */
export function downloadFigure({ presentBytes, totalBytes, bytesPerS, error }: Download): string {
  const share = `${formatBytes(presentBytes)} of ${formatBytes(totalBytes)}`;
  if (error !== undefined) return `${share}, stopped`;
  return bytesPerS > 0 ? `${share}, ${formatBytes(bytesPerS)} a second` : share;
}

/** What is said when something was done to a model on disk, or could not be. */
export function actedText(act: StoreAct['act'], title: string, { outcome }: StoreOutcome): string {
  if (outcome === 'in-use') return `${title} is in use. Unload it first, then remove it.`;
  if (outcome === 'unknown')
    return act === 'cancel' ? `${title} was not being downloaded.` : `${title} is not on disk.`;
  return {
    fetch: `${title} is being downloaded.`,
    cancel: `The download of ${title} was stopped. It goes on from there the next time.`,
    check: `${title} is being checked.`,
    remove: `${title} left the disk.`,
    pin: `${title} is pinned: it stays on disk, and is made ready when the browser starts.`,
    unpin: `${title} is no longer pinned.`,
  }[act];
}
