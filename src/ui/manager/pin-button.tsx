import type { ModelCard } from '../../protocol/model.ts';
import type { UiState } from '../client.ts';
import { Badge } from '../components/badge.tsx';
import { actedText } from '../model/disk-text.ts';
import { ActButton } from './act-button.tsx';
import type { SectionProps } from './section-props.ts';

interface Pinnable {
  readonly card: ModelCard;
  readonly state: UiState;
}

/** Models on disk are pinned where they are listed; these are those of the package, but for the echo, which has nothing to load. */
const isPinnable = ({ source, diskBytes }: ModelCard): boolean => source === 'packaged' && diskBytes > 0;

const isPinned = ({ card, state }: Pinnable): boolean => isPinnable(card) && state.pinned.includes(card.name);

export const PinnedBadge = (about: Pinnable) => (isPinned(about) ? <Badge tone="accent">Pinned</Badge> : null);

/** Has a model of the package loaded when the browser starts, or no longer. */
export function PinButton({ card, state, client, action }: SectionProps & { readonly card: ModelCard }) {
  if (!isPinnable(card)) return null;
  const act = isPinned({ card, state }) ? 'unpin' : 'pin';
  const label = act === 'pin' ? 'Pin' : 'Unpin';
  const { name, title } = card;
  const press = () =>
    action.run(
      () => client.act(name, act),
      (outcome) => actedText(act, title, outcome),
    );
  return <ActButton act={label} title={title} label={label} onClick={press} />;
}
