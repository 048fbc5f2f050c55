import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';

type Tone = 'calm' | 'warn' | 'danger';

interface NoticeProps {
  readonly tone?: Tone;
  readonly icon?: IconName;
  /** Announce it as soon as it appears; for failures. */
  readonly alert?: boolean;
  readonly children: ComponentChildren;
}

const ICONS: Readonly<Record<Tone, IconName>> = { calm: 'info', warn: 'warning', danger: 'warning' };

/** A boxed remark. Its tone is carried by the icon and the words as well as by colour. */
export function Notice({ tone = 'calm', icon = ICONS[tone], alert = false, children }: NoticeProps) {
  return (
    <div class={`notice notice-${tone}`} {...(alert && { role: 'alert' })}>
      <Icon name={icon} />
      <div class="notice-text">{children}</div>
    </div>
  );
}
