import { useState } from 'preact/hooks';
import type { SiteView } from '../../protocol/ui/views.ts';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Icon } from '../components/icon.tsx';
import { LiveRegion } from '../components/live-region.tsx';
import { formatCount, formatPlural } from '../format/numbers.ts';
import { subjectKey } from '../format/origin.ts';
import { DeniedSite, FormerSite } from './other-sites.tsx';
import type { SectionProps } from './section-props.ts';
import { SiteCard } from './site-card.tsx';
import { groupSites, searchSites } from './site-list.ts';

/** Sites that may use models, sites that were denied, and sites that once could. */
export function SitesSection(props: SectionProps) {
  const { state } = props;
  const [search, setSearch] = useState('');
  const found = groupSites(searchSites(state.sites, search), Date.now());
  const total = groupSites(state.sites, Date.now());
  const searching = search.trim() !== '';
  const matches = found.allowed.length + found.denied.length + found.former.length;
  return (
    <section id="sites" aria-labelledby="sites-heading">
      <div class="section-head">
        <h2 id="sites-heading">
          Sites <span class="count">{formatCount(total.allowed.length)} allowed</span>
        </h2>
        {(state.sites.length > 1 || searching) && <Search value={search} onInput={setSearch} />}
        {total.allowed.length > 0 && <RevokeAll {...props} count={total.allowed.length} />}
      </div>
      {total.allowed.length === 0 && (
        <div class="empty">
          <p class="empty-title">No site may use models.</p>
          <p>When a site asks, webplat opens a window and you decide. What you allow is listed here.</p>
        </div>
      )}
      <LiveRegion text={searching ? `${formatPlural(matches, 'site')} found.` : ''} serial={0} />
      {searching && matches === 0 && <p class="empty">No site matches “{search}”.</p>}
      {found.allowed.length > 0 && (
        <ul class="card site-list" aria-label="Allowed sites">
          {found.allowed.map((site) => (
            <SiteCard key={subjectKey(site.subject)} site={site} {...props} />
          ))}
        </ul>
      )}
      <Others title="Denied" sites={found.denied} row={(site) => <DeniedSite site={site} {...props} />} />
      <Others title="No longer allowed" sites={found.former} row={(site) => <FormerSite site={site} />} />
    </section>
  );
}

function Search({ value, onInput }: { readonly value: string; readonly onInput: (value: string) => void }) {
  return (
    <search class="search">
      <Icon name="search" />
      <input
        class="input"
        type="search"
        aria-label="Search sites"
        placeholder="Search sites"
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </search>
  );
}

function RevokeAll({ client, action, count }: SectionProps & { readonly count: number }) {
  const [asking, setAsking] = useState(false);
  const revoke = () => {
    setAsking(false);
    void action.run(
      () => client.revokeAll(),
      (revoked) => `Revoked ${formatPlural(revoked, 'permission')}.`,
    );
  };
  return (
    <>
      <button type="button" class="button button-danger" onClick={() => setAsking(true)}>
        Revoke all
      </button>
      {asking && (
        <ConfirmDialog
          title="Revoke all permissions?"
          confirm="Revoke all"
          onConfirm={revoke}
          onClose={() => setAsking(false)}
        >
          {formatPlural(count, 'site')} will lose the permission to use models, and what they run now is stopped. Each
          can ask you again.
        </ConfirmDialog>
      )}
    </>
  );
}

interface OthersProps {
  readonly title: string;
  readonly sites: readonly SiteView[];
  readonly row: (site: SiteView) => preact.ComponentChildren;
}

function Others({ title, sites, row }: OthersProps) {
  if (sites.length === 0) return null;
  return (
    <div class="others">
      <h3>
        {title} <span class="count">{formatCount(sites.length)}</span>
      </h3>
      <ul class="card other-list" aria-label={title}>
        {sites.map((site) => (
          <li key={subjectKey(site.subject)} class="other">
            {row(site)}
          </li>
        ))}
      </ul>
    </div>
  );
}
