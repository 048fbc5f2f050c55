import { useCallback } from 'preact/hooks';
import type { UiClient } from '../client.ts';
import { Brand } from '../components/brand.tsx';
import { Icon } from '../components/icon.tsx';
import { LiveRegion } from '../components/live-region.tsx';
import { PageNotices } from '../components/page-notices.tsx';
import { createSiteActions } from '../components/site-actions.ts';
import { useAction } from '../components/use-action.ts';
import { useLive } from '../components/use-live.ts';
import type { ActiveTab } from '../environment.ts';
import { subjectKey } from '../format/origin.ts';
import { PopupFooter } from './popup-footer.tsx';
import { fetchPopup, popupPaceMs } from './popup-view.ts';
import { SitePanel } from './site-panel.tsx';

export interface PopupAppProps {
  readonly client: UiClient;
  readonly activeTab: () => Promise<ActiveTab | undefined>;
  readonly onChanged: (listener: () => void) => () => void;
  readonly openManager: () => void;
}

/** The popup: the current page's sites, and what runs at all. */
export function PopupApp({ client, activeTab, onChanged, openManager }: PopupAppProps) {
  const fetch = useCallback(() => fetchPopup(client, activeTab), [client, activeTab]);
  const { value, error, refresh } = useLive(fetch, onChanged, popupPaceMs);
  const action = useAction(refresh);
  const { stop, revoke, letAskAgain } = createSiteActions(client, action);
  return (
    <>
      <main class="popup" aria-busy={value === undefined && error === undefined}>
        <header>
          <Brand />
          <h1 class="visually-hidden">webplat on this page</h1>
        </header>
        <PageNotices problem={action.failure ?? error} storeError={value?.state.storeError ?? false} />
        {value?.page.kind === 'unsupported' && <Unsupported />}
        {value?.sites.map((site) => (
          <SitePanel
            key={subjectKey(site.subject)}
            site={site}
            onStop={() => stop(site.subject)}
            onRevoke={() => revoke(site)}
            onLetAskAgain={() => letAskAgain(site.subject)}
          />
        ))}
      </main>
      {value && <PopupFooter state={value.state} onStopAll={() => stop()} openManager={openManager} />}
      <LiveRegion {...action.announcement} />
    </>
  );
}

function Unsupported() {
  return (
    <section class="card unsupported">
      <Icon name="globe" />
      <h2>Not available here</h2>
      <p>This page cannot use models. webplat works on secure sites (https) and on sites that run on this computer.</p>
    </section>
  );
}
