import type { UiState } from '../client.ts';
import { Activity } from '../components/activity.tsx';
import { formatBytes } from '../format/numbers.ts';
import { activeRequests } from '../model/site.ts';

interface PopupFooterProps {
  readonly state: UiState;
  readonly onStopAll: () => void;
  readonly openManager: () => void;
}

/** What goes on over all sites, and the way to the manager. */
export function PopupFooter({ state, onStopAll, openManager }: PopupFooterProps) {
  const active = activeRequests(state.sites);
  const bytes = (state.host?.gpuBytes ?? 0) + (state.host?.cpuBytes ?? 0);
  return (
    <footer class="popup-footer">
      <div class="overall">
        <Activity sites={state.sites} />
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
