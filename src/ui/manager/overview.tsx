import { Activity } from '../components/activity.tsx';
import { Icon } from '../components/icon.tsx';
import { Meter } from '../components/meter.tsx';
import { createSiteActions } from '../components/site-actions.ts';
import { formatBytes } from '../format/numbers.ts';
import { activeRequests } from '../model/site.ts';
import type { SectionProps } from './section-props.ts';

/** What goes on now, over all sites: requests, and memory against its budgets. */
export function Overview({ state, client, action }: SectionProps) {
  const { sites, host, settings } = state;
  const { stop } = createSiteActions(client, action);
  const memory = (label: string, used: number, budget: number) => (
    <Meter label={label} text={`${formatBytes(used)} of ${formatBytes(budget)}`} value={used} max={budget} />
  );
  return (
    <section class="card overview" aria-label="Now">
      <div class="overview-now">
        <Activity sites={sites} />
        {activeRequests(sites) > 0 && (
          <button type="button" class="button" onClick={() => stop()}>
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
