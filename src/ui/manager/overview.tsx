import { Badge } from '../components/badge.tsx';
import { Icon } from '../components/icon.tsx';
import { Meter } from '../components/meter.tsx';
import { formatBytes, formatPlural } from '../format/numbers.ts';
import { activeRequests } from '../model/site.ts';
import type { SectionProps } from './section-props.ts';

/** What goes on now, over all sites: requests, and memory against its budgets. */
export function Overview({ state, client, action }: SectionProps) {
  const { sites, host, settings } = state;
  const active = activeRequests(sites);
  const busy = sites.filter((site) => site.active > 0).length;
  const stopAll = () =>
    action.run(
      () => client.stop(),
      (count) => `Stopped ${formatPlural(count, 'request')}.`,
    );
  const memory = (label: string, used: number, budget: number) => (
    <Meter label={label} text={`${formatBytes(used)} of ${formatBytes(budget)}`} value={used} max={budget} />
  );
  return (
    <section class="card overview" aria-label="Now">
      <div class="overview-now">
        {active > 0 ? (
          <Badge tone="live">
            {formatPlural(active, 'request')} running on {formatPlural(busy, 'site')}
          </Badge>
        ) : (
          <p>Nothing is running.</p>
        )}
        {active > 0 && (
          <button type="button" class="button" onClick={stopAll}>
            <Icon name="stop" />
            Stop all
          </button>
        )}
      </div>
      {memory('Graphics memory', host?.gpuBytes ?? 0, settings.gpuBudgetBytes)}
      {memory('Ordinary memory', host?.cpuBytes ?? 0, settings.cpuBudgetBytes)}
    </section>
  );
}
