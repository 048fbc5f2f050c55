import { useCallback } from 'preact/hooks';
import type { UiClient } from '../client.ts';
import { Brand } from '../components/brand.tsx';
import { Icon } from '../components/icon.tsx';
import { LiveRegion } from '../components/live-region.tsx';
import { Notice } from '../components/notice.tsx';
import { useAction } from '../components/use-action.ts';
import { useLive } from '../components/use-live.ts';
import type { ActiveTab } from '../environment.ts';
import { formatPlural } from '../format/numbers.ts';
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
  const { run, message, failure } = useAction(refresh);
  const stop = (subject?: Parameters<UiClient['stop']>[0]) =>
    run(
      () => client.stop(subject),
      (count) => `Stopped ${formatPlural(count, 'request')}.`,
    );
  const problem = failure ?? error;
  return (
    <>
      <main class="popup" aria-busy={value === undefined && error === undefined}>
        <header>
          <Brand />
          <h1 class="visually-hidden">webplat on this page</h1>
        </header>
        {problem && (
          <Notice tone="danger" alert>
            {problem}
          </Notice>
        )}
        {value?.state.storeError && (
          <Notice tone="danger">
            The stored permissions were unreadable, so every site has lost its permission. Sites can ask again.
          </Notice>
        )}
        {value?.page.kind === 'unsupported' && <Unsupported />}
        {value?.sites.map((site) => (
          <SitePanel
            key={subjectKey(site.subject)}
            site={site}
            onStop={() => stop(site.subject)}
            onRevoke={() =>
              run(
                () => client.revoke(site.grants.map((grant) => grant.id)),
                () => 'Permission revoked.',
              )
            }
            onClearDenial={() =>
              run(
                () => client.clearDenial(site.subject),
                () => 'The site may ask again.',
              )
            }
          />
        ))}
      </main>
      {value && <PopupFooter state={value.state} onStopAll={() => stop()} openManager={openManager} />}
      <LiveRegion message={message} />
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
