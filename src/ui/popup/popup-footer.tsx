import type { UiState } from '../client.ts';
import { Badge } from '../components/badge.tsx';
import { formatBytes, formatPlural } from '../format/numbers.ts';
import { activeRequests } from '../model/site.ts';

interface PopupFooterProps {
  readonly state: UiState;
  readonly onStopAll: () => void;
  readonly openManager: () => void;
}

/** What goes on over all sites, and the way to the manager. */
export function PopupFooter({ state, onStopAll, openManager }: PopupFooterProps) {
  const active = activeRequests(state.sites);
  const busySites = state.sites.filter((site) => site.active > 0).length;
  const bytes = (state.host?.gpuBytes ?? 0) + (state.host?.cpuBytes ?? 0);
  return (
    <footer class="popup-footer">
      <div class="overall">
        <p>
          {active > 0 ? (
            <Badge tone="live">
              {formatPlural(active, 'request')} running on {formatPlural(busySites, 'site')}
            </Badge>
          ) : (
            'Nothing is running.'
          )}
        </p>
        <p class="overall-memory">{bytes > 0 ? `${formatBytes(bytes)} held by models` : 'No model is in memory.'}</p>
      </div>
      <div class="actions">
        {active > 0 && (
          <button type="button" class="button" onClick={onStopAll}>
            Stop all
          </button>
        )}
        <button type="button" class="button" onClick={openManager}>
          Manage sites
        </button>
      </div>
    </footer>
  );
}
