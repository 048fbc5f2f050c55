import type { Settings } from '../protocol/settings.ts';
import type { Consequences } from './consequences.ts';
import type { HostLink } from './host-link.ts';
import type { ModelCards } from './model-cards.ts';
import type { Permits } from './permits.ts';
import type { Prompts } from './prompts.ts';
import type { Sessions } from './sessions.ts';
import type { Sites } from './sites.ts';
import type { Cell } from './store/cell.ts';
import type { PermissionStore } from './store/permission-store.ts';
import type { UsageLedger } from './store/usage-ledger.ts';
import type { WarmStart } from './warm-start.ts';

/** What handlers may be given; each names the few it works with. */
export interface Services {
  readonly permissions: PermissionStore;
  readonly permits: Permits;
  readonly prompts: Prompts;
  readonly sessions: Sessions;
  readonly consequences: Consequences;
  readonly ledger: UsageLedger;
  readonly settings: Cell<Settings>;
  readonly models: ModelCards;
  readonly sites: Sites;
  readonly host: HostLink;
  readonly hubToken: Cell<string>;
  readonly warmStart: WarmStart;
}
