import { useId } from 'preact/hooks';
import type { SiteView } from '../../protocol/ui/views.ts';
import { Badge } from '../components/badge.tsx';
import { Figures } from '../components/figures.tsx';
import { Icon, type IconName } from '../components/icon.tsx';
import { Meter } from '../components/meter.tsx';
import { SubjectText } from '../components/origin.tsx';
import { formatBytes, formatCompact, formatCount } from '../format/numbers.ts';
import { subjectName } from '../format/origin.ts';
import { formatDuration, formatRelative } from '../format/time.ts';
import { endText, isInForce } from '../model/caveats.ts';
import { computeQuota, type SiteState, siteState } from '../model/site.ts';

interface SitePanelProps {
  readonly site: SiteView;
  readonly onStop: () => void;
  readonly onRevoke: () => void;
  readonly onLetAskAgain: () => void;
}

const STATES: Readonly<Record<SiteState, { readonly icon: IconName; readonly text: string }>> = {
  allowed: { icon: 'check', text: 'May use models' },
  denied: { icon: 'blocked', text: 'You said no' },
  former: { icon: 'blocked', text: 'May not use models any more' },
  unasked: { icon: 'blocked', text: 'May not use models' },
};

/** One site of the current page: what it may do, what it does, and how to end that. */
export function SitePanel({ site, onStop, onRevoke, onLetAskAgain }: SitePanelProps) {
  const now = Date.now();
  const state = siteState(site, now);
  const id = useId();
  const name = subjectName(site.subject);
  return (
    <section class="card site" aria-labelledby={id}>
      <h2 id={id} aria-label={name}>
        <SubjectText subject={site.subject} />
      </h2>
      <p class={`site-state site-${state}`}>
        <Icon name={STATES[state].icon} />
        <span>{STATES[state].text}</span>
        {site.active > 0 && <Badge tone="live">{formatCount(site.active)} running</Badge>}
      </p>
      <SiteDetail site={site} state={state} now={now} />
      {state === 'allowed' && (
        <div class="actions">
          <button
            type="button"
            class="button"
            disabled={site.active === 0}
            aria-label={`Stop ${name}`}
            onClick={onStop}
          >
            <Icon name="stop" />
            Stop
          </button>
          <button type="button" class="button button-danger" aria-label={`Revoke ${name}`} onClick={onRevoke}>
            Revoke
          </button>
        </div>
      )}
      {state === 'denied' && (
        <button type="button" class="button" aria-label={`Let it ask again: ${name}`} onClick={onLetAskAgain}>
          Let it ask again
        </button>
      )}
    </section>
  );
}

function SiteDetail({
  site,
  state,
  now,
}: {
  readonly site: SiteView;
  readonly state: SiteState;
  readonly now: number;
}) {
  if (state === 'denied') {
    return <p class="site-detail">It may ask again {formatRelative(site.deniedUntil ?? now, now)}.</p>;
  }
  if (state !== 'allowed') {
    return <p class="site-detail">When you do something on the page that needs a model, the site may ask you.</p>;
  }
  const quota = computeQuota(site, now) ?? 0;
  const ends = new Set(site.grants.filter((grant) => isInForce(grant, now)).map((grant) => endText(grant, now)));
  return (
    <>
      <div class="site-detail">
        {[...ends].map((end) => (
          <p key={end}>{end}</p>
        ))}
      </div>
      <Meter
        label="Computing today"
        text={`${formatDuration(site.computeMsToday)} of ${formatDuration(quota)}`}
        value={site.computeMsToday}
        max={quota}
      />
      <Figures
        items={[
          ['Calls', formatCompact(site.calls)],
          ['Tokens', formatCompact(site.tokens)],
          ['Memory', formatBytes(site.residentBytes, 'None')],
        ]}
      />
    </>
  );
}
