import { useCallback, useState } from 'preact/hooks';

/** Something to be said; the same words said again are another announcement. */
export interface Announcement {
  readonly text: string;
  readonly serial: number;
}

/** What was announced last, and how to announce something. */
export function useAnnouncement(): readonly [Announcement, (text: string) => void] {
  const [last, setLast] = useState<Announcement>({ text: '', serial: 0 });
  const announce = useCallback((text: string) => setLast(({ serial }) => ({ text, serial: serial + 1 })), []);
  return [last, announce];
}

/**
 * Says what is announced to assistive technology. The region is in the page from the start, or it is not heard; what is in
 * it is replaced each time, because unchanged words are not heard again.
 */
export function LiveRegion({ text, serial }: Announcement) {
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      <span key={serial}>{text}</span>
    </p>
  );
}
