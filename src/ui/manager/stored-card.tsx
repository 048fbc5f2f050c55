import { useState } from 'preact/hooks';
import type { StoreAct, StoredModel } from '../../protocol/store.ts';
import { Badge } from '../components/badge.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { storedFacts } from '../model/disk-text.ts';
import { ActButton } from './act-button.tsx';

interface StoredCardProps {
  readonly model: StoredModel;
  /** A check or an export of it is under way. */
  readonly busy: boolean;
  readonly onAct: (act: StoreAct['act']) => void;
  readonly onExport: () => void;
}

/** A model on disk, with what can be done to it. */
export function StoredCard({ model, busy, onAct, onExport }: StoredCardProps) {
  const [asking, setAsking] = useState(false);
  const { card, pinned, inUse, isPrivate, fromArchive } = model;
  const { title } = card;
  const whole = card.downloadBytes === 0;
  const own = card.source === 'file';
  const remove = () => {
    setAsking(false);
    onAct('remove');
  };
  return (
    <li class="card model">
      <div class="model-head">
        <h3>
          {title} {inUse && <Badge tone="live">In memory</Badge>} {pinned && <Badge tone="accent">Pinned</Badge>}{' '}
          {isPrivate && <Badge>Private</Badge>} {own && <Badge>Your files</Badge>}{' '}
          {fromArchive && <Badge>From an archive</Badge>}
        </h3>
      </div>
      <p class="quiet model-name">{card.name}</p>
      <p class="quiet">{storedFacts(model, Date.now()).join(' · ')}</p>
      {own && !whole && <p class="field-error">Some of its files are damaged or gone. Import the model again.</p>}
      <div class="actions">
        {!whole && !own && (
          <ActButton
            act="Download the rest of"
            title={title}
            label="Download the rest"
            onClick={() => onAct('fetch')}
          />
        )}
        <ActButton
          act={pinned ? 'Unpin' : 'Pin'}
          title={title}
          label={pinned ? 'Unpin' : 'Pin'}
          onClick={() => onAct(pinned ? 'unpin' : 'pin')}
        />
        <ActButton act="Check" title={title} label="Check" disabled={busy} onClick={() => onAct('check')} />
        {whole && <ActButton act="Export" title={title} label="Export" disabled={busy} onClick={onExport} />}
        <ActButton act="Remove" title={title} label="Remove" onClick={() => setAsking(true)} />
      </div>
      {asking && (
        <ConfirmDialog title={`Remove ${title}?`} confirm="Remove" onConfirm={remove} onClose={() => setAsking(false)}>
          {own
            ? 'Its files leave the disk. To use it again you import it again.'
            : 'Its files leave the disk. A site that uses it again has it downloaded again.'}
        </ConfirmDialog>
      )}
    </li>
  );
}
