import type { SiteView } from '../../protocol/ui/views.ts';
import { formatPlural } from '../format/numbers.ts';
import { activeRequests } from '../model/site.ts';
import { Badge } from './badge.tsx';

/** Whether anything runs now, and on how many sites. */
export function Activity({ sites }: { readonly sites: readonly SiteView[] }) {
  const active = activeRequests(sites);
  const busy = sites.filter((site) => site.active > 0).length;
  return (
    <p>
      {active > 0 ? (
        <Badge tone="live">
          {formatPlural(active, 'request')} running on {formatPlural(busy, 'site')}
        </Badge>
      ) : (
        'Nothing is running.'
      )}
    </p>
  );
}
