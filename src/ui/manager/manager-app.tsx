import { useCallback } from 'preact/hooks';
import type { UiClient } from '../client.ts';
import { Brand } from '../components/brand.tsx';
import { LiveRegion } from '../components/live-region.tsx';
import { PageNotices } from '../components/page-notices.tsx';
import { useAction } from '../components/use-action.ts';
import { useLive } from '../components/use-live.ts';
import { paceMs } from '../model/pace.ts';
import { DiskSection } from './disk-section.tsx';
import { DownloadsSection } from './downloads-section.tsx';
import { ModelsSection } from './models-section.tsx';
import { Overview } from './overview.tsx';
import { SettingsSection } from './settings-section.tsx';
import { SitesSection } from './sites-section.tsx';

export interface ManagerAppProps {
  readonly client: UiClient;
  readonly onChanged: (listener: () => void) => () => void;
}

/** The manager: every site and what it may do, the models in memory, where they come from, and the settings. */
export function ManagerApp({ client, onChanged }: ManagerAppProps) {
  const fetch = useCallback(() => client.state(), [client]);
  const { value: state, error, refresh } = useLive(fetch, onChanged, paceMs);
  const action = useAction(refresh);
  return (
    <div class="manager">
      <header class="manager-header">
        <Brand>Manager</Brand>
        <nav aria-label="Sections">
          <a href="#sites">Sites</a>
          <a href="#models">Models</a>
          <a href="#disk">On disk</a>
          <a href="#downloads">Downloads</a>
          <a href="#settings">Settings</a>
        </nav>
      </header>
      <main class="manager-main" aria-busy={state === undefined && error === undefined}>
        <h1>Sites and models</h1>
        <PageNotices problem={action.failure ?? error} storeError={state?.storeError ?? false} />
        {state && (
          <>
            <Overview state={state} client={client} action={action} />
            <SitesSection state={state} client={client} action={action} />
            <ModelsSection state={state} client={client} action={action} />
            <DiskSection client={client} onChanged={onChanged} action={action} />
            <DownloadsSection saved={state.settings} client={client} action={action} />
            <SettingsSection saved={state.settings} client={client} action={action} />
          </>
        )}
      </main>
      <LiveRegion {...action.announcement} />
    </div>
  );
}
