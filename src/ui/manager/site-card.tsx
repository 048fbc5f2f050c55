import { useId, useState } from 'preact/hooks';
import type { SiteView } from '../../protocol/ui/views.ts';
import { Badge } from '../components/badge.tsx';
import { Figures } from '../components/figures.tsx';
import { Icon } from '../components/icon.tsx';
import { Meter } from '../components/meter.tsx';
import { SubjectText } from '../components/origin.tsx';
import { createSiteActions } from '../components/site-actions.ts';
import { formatBytes, formatCompact, formatCount, formatPlural } from '../format/numbers.ts';
import { subjectName } from '../format/origin.ts';
import { formatDuration, formatMoment, formatRelative } from '../format/time.ts';
import { endText, isInForce } from '../model/caveats.ts';
import { computeQuota } from '../model/site.ts';
import { GrantCard } from './grant-card.tsx';
import type { SectionProps } from './section-props.ts';

/** One allowed site: its figures, its grants, and how to end both. */
export function SiteCard(props: SectionProps & { readonly site: SiteView }) {
  const { site } = props;
  const [open, setOpen] = useState(false);
  const id = useId();
  const now = Date.now();
  const grants = site.grants.filter((grant) => isInForce(grant, now));
  const quota = computeQuota(site, now) ?? 0;
  return (
    <li class="site-card">
      <div class="site-head">
        <div class="site-name">
          <h3 aria-label={subjectName(site.subject)}>
            <SubjectText subject={site.subject} />
          </h3>
          <p class="quiet">
            {site.active > 0 ? <Badge tone="live">{formatCount(site.active)} running</Badge> : lastUse(site, now)} ·{' '}
            {grants.length === 1 && grants[0] ? endText(grants[0], now) : formatPlural(grants.length, 'permission')}
          </p>
        </div>
        <Meter
          label="Used today"
          text={`${formatDuration(site.computeMsToday)} of ${formatDuration(quota)}`}
          value={site.computeMsToday}
          max={quota}
        />
        <SiteActions {...props} open={open} panel={id} onToggle={() => setOpen(!open)} />
      </div>
      <div id={id} class="site-more" hidden={!open}>
        {open && (
          <>
            <Figures
              items={[
                ['Last use', site.lastUsedAt === undefined ? 'Never' : formatMoment(site.lastUsedAt)],
                ['Calls', formatCompact(site.calls)],
                ['Tokens', formatCompact(site.tokens)],
                ['Computing in all', formatDuration(site.computeMs)],
                ['Memory', formatBytes(site.residentBytes, 'None')],
                ['Open pages', formatCount(site.sessions)],
              ]}
            />
            {grants.map((grant) => (
              <GrantCard key={grant.id} grant={grant} {...props} />
            ))}
          </>
        )}
      </div>
    </li>
  );
}

function lastUse(site: SiteView, now: number): string {
  return site.lastUsedAt === undefined ? 'Not used yet' : `Last used ${formatRelative(site.lastUsedAt, now)}`;
}

interface SiteActionsProps extends SectionProps {
  readonly site: SiteView;
  readonly open: boolean;
  /** Id of what the disclosure button opens. */
  readonly panel: string;
  readonly onToggle: () => void;
}

function SiteActions({ site, client, action, open, panel, onToggle }: SiteActionsProps) {
  const name = subjectName(site.subject);
  const { stop, revoke } = createSiteActions(client, action);
  return (
    <div class="actions site-actions">
      {site.active > 0 && (
        <button type="button" class="button" aria-label={`Stop ${name}`} onClick={() => stop(site.subject)}>
          <Icon name="stop" />
          Stop
        </button>
      )}
      <button
        type="button"
        class="button details-button"
        aria-label={`Details of ${name}`}
        aria-expanded={open}
        aria-controls={panel}
        onClick={onToggle}
      >
        Details
        <Icon name="chevron" />
      </button>
      <button type="button" class="button button-danger" aria-label={`Revoke ${name}`} onClick={() => revoke(site)}>
        Revoke
      </button>
    </div>
  );
}
