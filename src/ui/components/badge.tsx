import type { ComponentChildren } from 'preact';

export type BadgeTone = 'plain' | 'accent' | 'warn' | 'danger' | 'live';

/** A word set apart; the tone repeats what the word says. */
export function Badge({
  tone = 'plain',
  children,
}: {
  readonly tone?: BadgeTone;
  readonly children: ComponentChildren;
}) {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}
