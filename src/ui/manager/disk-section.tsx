import { useCallback } from 'preact/hooks';
import type { Job, StoreAct } from '../../protocol/store.ts';
import type { StoreView, UiClient } from '../client.ts';
import { Notice } from '../components/notice.tsx';
import type { Action } from '../components/use-action.ts';
import { useLive } from '../components/use-live.ts';
import { formatBytes, formatCount } from '../format/numbers.ts';
import { actedText } from '../model/disk-text.ts';
import { storePaceMs } from '../model/pace.ts';
import { ImportPanel } from './import-panel.tsx';
import { StoredCard } from './stored-card.tsx';
import { TokenForm } from './token-form.tsx';
import { useExport } from './use-export.ts';
import { useJobEnds } from './use-job-ends.ts';
import { WorkList } from './work-list.tsx';

interface DiskSectionProps {
  readonly client: UiClient;
  readonly onChanged: (listener: () => void) => () => void;
  /** Tells the whole page what was done. */
  readonly action: Action;
}

/** Models on disk, what is under way with their files, and how models come there. */
export function DiskSection({ client, onChanged, action }: DiskSectionProps) {
  const fetch = useCallback(() => client.store(), [client]);
  const { value: store, error, refresh } = useLive(fetch, onChanged, storePaceMs);
  const exports = useExport(client, action, refresh);
  const title = useCallback((model: string) => titleOf(store, model), [store]);
  useJobEnds(store?.jobs, title, action);
  const act = async (model: string, what: StoreAct['act']) => {
    await action.run(
      () => client.act(model, what),
      (outcome) => actedText(what, title(model), outcome),
    );
    refresh();
  };
  const actOnJob = async ({ id }: Job, what: 'stop' | 'dismiss') => {
    await action.run(
      () => client.actOnJob(id, what),
      () => (what === 'stop' ? 'It is being stopped.' : 'Dismissed.'),
    );
    refresh();
  };
  const isBusy = (model: string) =>
    store?.jobs.some((job) => job.model === model && job.kind !== 'import' && job.state === 'running') === true ||
    exports.writing.some(({ card }) => card.name === model);
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
      {store && (
        <WorkList
          store={store}
          writing={exports.writing}
          titleOf={title}
          onDownload={act}
          onJob={actOnJob}
          onStopWriting={exports.stop}
        />
      )}
      {store?.models.length === 0 && (
        <div class="empty">
          <p class="empty-title">No model is on disk.</p>
          <p>A model is downloaded once, when the first site that you allowed it uses it, and is kept for all.</p>
        </div>
      )}
      {store && store.models.length > 0 && (
        <ul class="model-list" aria-label="Models on disk">
          {store.models.map((model) => (
            <StoredCard
              key={model.card.name}
              model={model}
              busy={isBusy(model.card.name)}
              onAct={(what) => void act(model.card.name, what)}
              onExport={() => void exports.start(model.card)}
            />
          ))}
        </ul>
      )}
      {store?.available && <ImportPanel client={client} action={action} onStarted={refresh} />}
      {store?.available && <TokenForm hasToken={store.hasToken} client={client} action={action} onSaved={refresh} />}
    </section>
  );
}

const titleOf = (store: StoreView | undefined, name: string): string =>
  store?.models.find(({ card }) => card.name === name)?.card.title ?? name;
