import type { SiteView } from '../../protocol/ui/views.ts';
import { SubjectText } from '../components/origin.tsx';
import { createSiteActions } from '../components/site-actions.ts';
import { formatCompact } from '../format/numbers.ts';
import { subjectName } from '../format/origin.ts';
import { formatDuration, formatRelative } from '../format/time.ts';
import type { SectionProps } from './section-props.ts';

/** A site that the user said no to. */
export function DeniedSite({ site, client, action }: SectionProps & { readonly site: SiteView }) {
  const { letAskAgain } = createSiteActions(client, action);
  const now = Date.now();
  return (
    <>
      <div class="other-text">
        <SubjectText subject={site.subject} />
        <p class="quiet">May ask again {formatRelative(site.deniedUntil ?? now, now)}.</p>
      </div>
      <button
        type="button"
        class="button"
        aria-label={`Let it ask again: ${subjectName(site.subject)}`}
        onClick={() => letAskAgain(site.subject)}
      >
        Let it ask again
      </button>
    </>
  );
}

/** A site that holds nothing any more but has used models. */
export function FormerSite({ site }: { readonly site: SiteView }) {
  const used =
    site.lastUsedAt === undefined ? 'Never used' : `Last used ${formatRelative(site.lastUsedAt, Date.now())}`;
  return (
    <div class="other-text">
      <SubjectText subject={site.subject} />
      <p class="quiet">
        {used} · {formatCompact(site.calls)} calls · {formatCompact(site.tokens)} tokens ·{' '}
        {formatDuration(site.computeMs)} of computing
      </p>
    </div>
  );
}
