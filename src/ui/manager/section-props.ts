import type { UiClient, UiState } from '../client.ts';
import type { Action } from '../components/use-action.ts';

/** What every section of the manager gets. */
export interface SectionProps {
  readonly state: UiState;
  readonly client: UiClient;
  readonly action: Action;
}
