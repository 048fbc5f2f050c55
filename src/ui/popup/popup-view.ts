import type { SiteView } from '../../protocol/ui/views.ts';
import type { UiClient, UiState } from '../client.ts';
import type { ActiveTab } from '../environment.ts';
import { paceMs } from '../model/pace.ts';
import { type PageKind, pageOf } from '../model/page.ts';

/** What the popup shows at one moment. */
export interface PopupView {
  readonly page: PageKind;
  /** The page's own site first, then its frames. */
  readonly sites: readonly SiteView[];
  readonly state: UiState;
}

/** Fetches what the popup shows. */
export async function fetchPopup(
  client: UiClient,
  activeTab: () => Promise<ActiveTab | undefined>,
): Promise<PopupView> {
  const tab = await activeTab();
  const page = pageOf(tab?.url);
  const origin = page.kind === 'site' ? page.origin : undefined;
  const [sites, state] = await Promise.all([tab ? client.tab(tab.id, origin) : [], client.state()]);
  return { page, sites: origin ? withPage(sites, origin) : sites, state };
}

/** The page's own site leads, also when nothing is known about it yet. */
export function withPage(sites: readonly SiteView[], origin: string): readonly SiteView[] {
  const isPage = ({ subject }: SiteView) => subject.invoker === origin && subject.topOrigin === origin;
  const own = sites.find(isPage) ?? unknownSite(origin);
  return [own, ...sites.filter((site) => !isPage(site))];
}

/** How soon the popup is worth fetching again; every site of the tab is among the sites of the state. */
export function popupPaceMs({ state }: PopupView): number | undefined {
  return paceMs(state);
}

function unknownSite(origin: string): SiteView {
  return {
    subject: { invoker: origin, topOrigin: origin },
    grants: [],
    calls: 0,
    tokens: 0,
    computeMs: 0,
    computeMsToday: 0,
    sessions: 0,
    active: 0,
    residentBytes: 0,
  };
}
