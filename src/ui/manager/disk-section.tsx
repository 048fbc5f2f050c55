import { useCallback, useState } from 'preact/hooks';
import type { StoreAct, StoredModel } from '../../protocol/store.ts';
import type { StoreView, UiClient } from '../client.ts';
import { Badge } from '../components/badge.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Meter } from '../components/meter.tsx';
import { Notice } from '../components/notice.tsx';
import type { Action } from '../components/use-action.ts';
import { useLive } from '../components/use-live.ts';
import { formatBytes, formatCount } from '../format/numbers.ts';
import { actedText, downloadFigure, storedFacts } from '../model/disk-text.ts';
import { storePaceMs } from '../model/pace.ts';
import { TokenForm } from './token-form.tsx';

interface DiskSectionProps {
  readonly client: UiClient;
  readonly onChanged: (listener: () => void) => () => void;
  /** Tells the whole page what was done. */
  readonly action: Action;
}

/** Models on disk, the downloads under way, and the token that private ones need. */
export function DiskSection({ client, onChanged, action }: DiskSectionProps) {
  const fetch = useCallback(() => client.store(), [client]);
  const { value: store, error, refresh } = useLive(fetch, onChanged, storePaceMs);
  const act = async (model: string, what: StoreAct['act']) => {
    await action.run(
      () => client.act(model, what),
      (outcome) => actedText(what, titleOf(store, model), outcome),
    );
    refresh();
  };
  return (
    <section id="disk" aria-labelledby="disk-heading">
      <div class="section-head">
        <h2 id="disk-heading">
          On disk{' '}
          {store && (
            <span class="count">
              {formatCount(store.models.length)} · {formatBytes(store.filesBytes + store.compiledBytes)}
            </span>
          )}
        </h2>
      </div>
      {error && <Notice tone="danger">{error}</Notice>}
      {store && !store.available && (
        <Notice tone="warn">This browser keeps no files for webplat: models cannot be downloaded.</Notice>
      )}
      {store?.models.length === 0 && (
        <div class="empty">
          <p class="empty-title">No model was downloaded.</p>
          <p>A model is downloaded once, when the first site that you allowed it uses it, and is kept for all.</p>
        </div>
      )}
      {store && store.downloads.length > 0 && (
        <ul class="card other-list downloads" aria-label="Downloads">
          {store.downloads.map((download) => (
            <li key={download.name} class="other">
              <div class="other-text">
                <Meter
                  label={titleOf(store, download.name)}
                  text={downloadFigure(download)}
                  value={download.presentBytes}
                  max={download.totalBytes}
                />
                {download.error && <p class="field-error">{download.error}</p>}
              </div>
              <ActButton
                act={download.error ? 'Try again to download' : 'Stop downloading'}
                title={titleOf(store, download.name)}
                label={download.error ? 'Try again' : 'Stop'}
                onClick={() => act(download.name, download.error ? 'fetch' : 'cancel')}
              />
            </li>
          ))}
        </ul>
      )}
      {store && store.models.length > 0 && (
        <ul class="model-list" aria-label="Models on disk">
          {store.models.map((model) => (
            <StoredCard key={model.card.name} model={model} onAct={(what) => act(model.card.name, what)} />
          ))}
        </ul>
      )}
      {store?.available && <TokenForm hasToken={store.hasToken} client={client} action={action} onSaved={refresh} />}
    </section>
  );
}

interface StoredCardProps {
  readonly model: StoredModel;
  readonly onAct: (act: StoreAct['act']) => Promise<void>;
}

function StoredCard({ model, onAct }: StoredCardProps) {
  const [asking, setAsking] = useState(false);
  const [checking, setChecking] = useState(false);
  const { card, pinned, inUse, isPrivate } = model;
  const check = async () => {
    setChecking(true);
    await onAct('check');
    setChecking(false);
  };
  const remove = () => {
    setAsking(false);
    void onAct('remove');
  };
  return (
    <li class="card model">
      <div class="model-head">
        <h3>
          {card.title} {inUse && <Badge tone="live">In memory</Badge>} {pinned && <Badge tone="accent">Pinned</Badge>}{' '}
          {isPrivate && <Badge>Private</Badge>}
        </h3>
      </div>
      <p class="quiet model-name">{card.name}</p>
      <p class="quiet">{storedFacts(model, Date.now()).join(' · ')}</p>
      <div class="actions">
        {card.downloadBytes > 0 && (
          <ActButton
            act="Download the rest of"
            title={card.title}
            label="Download the rest"
            onClick={() => onAct('fetch')}
          />
        )}
        <ActButton
          act={pinned ? 'Unpin' : 'Pin'}
          title={card.title}
          label={pinned ? 'Unpin' : 'Pin'}
          onClick={() => onAct(pinned ? 'unpin' : 'pin')}
        />
        <ActButton
          act="Check"
          title={card.title}
          label={checking ? 'Checking …' : 'Check'}
          disabled={checking}
          onClick={check}
        />
        <ActButton act="Remove" title={card.title} label="Remove" onClick={() => setAsking(true)} />
      </div>
      {asking && (
        <ConfirmDialog
          title={`Remove ${card.title}?`}
          confirm="Remove"
          onConfirm={remove}
          onClose={() => setAsking(false)}
        >
          Its files leave the disk. A site that uses it again has it downloaded again.
        </ConfirmDialog>
      )}
    </li>
  );
}

interface ActButtonProps {
  readonly act: string;
  readonly title: string;
  readonly label: string;
  readonly disabled?: boolean;
  readonly onClick: () => unknown;
}

function ActButton({ act, title, label, disabled = false, onClick }: ActButtonProps) {
  return (
    <button
      type="button"
      class="button"
      aria-label={`${act} ${title}`}
      disabled={disabled}
      onClick={() => void onClick()}
    >
      {label}
    </button>
  );
}

const titleOf = (store: StoreView | undefined, name: string): string =>
  store?.models.find(({ card }) => card.name === name)?.card.title ?? name;
