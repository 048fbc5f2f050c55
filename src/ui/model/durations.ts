import type { Duration } from '../../protocol/grant.ts';

const HOUR = 3_600_000;

/** How long a yes may last, as the prompt offers it. The first is the safe default. */
export const DURATION_CHOICES = [
  {
    value: 'once',
    label: 'This page only',
    detail: 'Ends when you close, leave or reload the page.',
    duration: { kind: 'once' },
  },
  {
    value: 'session',
    label: 'This browser session',
    detail: 'Ends when you quit the browser.',
    duration: { kind: 'session' },
  },
  { value: 'hour', label: '1 hour', detail: 'Ends in one hour.', duration: { kind: 'timed', ms: HOUR } },
  { value: 'day', label: '1 day', detail: 'Ends this time tomorrow.', duration: { kind: 'timed', ms: 24 * HOUR } },
  { value: 'month', label: '30 days', detail: 'Ends in thirty days.', duration: { kind: 'timed', ms: 720 * HOUR } },
  {
    value: 'always',
    label: 'Always',
    detail: 'Stays until you revoke it in the webplat manager.',
    duration: { kind: 'always' },
  },
] as const satisfies readonly { value: string; label: string; detail: string; duration: Duration }[];

export type DurationChoice = (typeof DURATION_CHOICES)[number]['value'];
