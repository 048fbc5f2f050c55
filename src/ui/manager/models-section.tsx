import { useState } from 'preact/hooks';
import type { ModelCard, Placement, ResidentModel, Streaming } from '../../protocol/model.ts';
import { Badge, type BadgeTone } from '../components/badge.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Figures } from '../components/figures.tsx';
import { formatBytes, formatCount, formatPlural } from '../format/numbers.ts';
import { formatDuration } from '../format/time.ts';
import { BACKEND_WORDS } from '../model/backends.ts';
import { modelFacts } from '../model/model-facts.ts';
import { TASK_WORDS } from '../model/tasks.ts';
import { PinButton, PinnedBadge } from './pin-button.tsx';
import type { SectionProps } from './section-props.ts';

/** Models in memory, with what they run on and why, and the models that could be loaded. */
export function ModelsSection(props: SectionProps) {
  const { state } = props;
  const residents = state.host?.residents ?? [];
  const installed = state.models.filter((card) => !residents.some((resident) => resident.name === card.name));
  return (
    <section id="models" aria-labelledby="models-heading">
      <div class="section-head">
        <h2 id="models-heading">
          Models <span class="count">{formatCount(residents.length)} in memory</span>
        </h2>
      </div>
      {residents.length === 0 && (
        <div class="empty">
          <p class="empty-title">No model is in memory.</p>
          <p>
            A model is loaded when the first site uses it, shared by all, and unloaded when it was idle for a while.
          </p>
        </div>
      )}
      <ul class="model-list" aria-label="Models in memory">
        {residents.map((resident) => (
          <ResidentCard key={resident.key} resident={resident} {...props} />
        ))}
      </ul>
      {installed.length > 0 && (
        <div class="others">
          <h3>
            Ready to load <span class="count">{formatCount(installed.length)}</span>
          </h3>
          <ul class="card other-list" aria-label="Ready to load">
            {installed.map((card) => (
              <li key={card.name} class="other">
                <InstalledModel card={card} {...props} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

const STATES: Readonly<Record<ResidentModel['state'], { readonly tone: BadgeTone; readonly text: string }>> = {
  loading: { tone: 'live', text: 'Loading' },
  ready: { tone: 'plain', text: 'Ready' },
  unloading: { tone: 'plain', text: 'Unloading' },
};

function ResidentCard({ resident, state, client, action }: SectionProps & { readonly resident: ResidentModel }) {
  const card = state.models.find(({ name }) => name === resident.name);
  const title = card?.title ?? resident.name;
  const shown =
    resident.active > 0 ? ({ tone: 'live', text: `${resident.active} running` } as const) : STATES[resident.state];
  const unload = () =>
    action.run(
      () => client.unload(resident.name),
      (unloaded) => (unloaded ? `${title} left memory.` : `${title} was not in memory.`),
    );
  return (
    <li class="card model">
      <div class="model-head">
        <h3>
          {title} <Badge tone={shown.tone}>{shown.text}</Badge> {card && <PinnedBadge card={card} state={state} />}
        </h3>
        <div class="actions">
          {card && <PinButton card={card} state={state} client={client} action={action} />}
          <UnloadButton title={title} resident={resident} onUnload={unload} />
        </div>
      </div>
      <p class="quiet">{card?.description}</p>
      <Figures
        items={[
          ['Runs on', resident.backend ? BACKEND_WORDS[resident.backend] : 'Not decided yet'],
          ['Device', resident.adapter ?? 'None'],
          ['Tier', resident.tier ?? 'Not decided yet'],
          ['Graphics memory', gpuText(resident)],
          ['Ordinary memory', formatBytes(resident.cpuBytes, 'None')],
          ['Used by', formatPlural(resident.references, 'page')],
        ]}
      />
      {resident.adapters && <p class="quiet">{adaptersText(resident.adapters)}</p>}
      {resident.streaming && <p class="quiet">{streamingText(resident.streaming)}</p>}
      <PlacementList placements={resident.placements ?? []} />
      {resident.passedOver.length > 0 && (
        <details class="disclosure">
          <summary>Why nothing faster: {formatPlural(resident.passedOver.length, 'tier')} passed over</summary>
          <dl class="passed">
            {resident.passedOver.map(({ tier, reason }) => (
              <div key={tier}>
                <dt>{tier}</dt>
                <dd>{reason}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </li>
  );
}

/** How much of each component WebNN took, and why not all of it. */
function PlacementList({ placements }: { readonly placements: readonly Placement[] }) {
  if (placements.length === 0) return null;
  return (
    <details class="disclosure">
      <summary>What runs on WebNN: {formatPlural(placements.length, 'component')}</summary>
      <dl class="passed">
        {placements.map(({ component, nodes, webnnNodes, reason }) => (
          <div key={component}>
            <dt>{component}</dt>
            <dd>
              {nodes > 0 ? `${webnnNodes} of ${nodes} operators. ` : ''}
              {reason ?? (nodes > 0 ? '' : 'Not run yet.')}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** Models that are not in memory a second time. */
const adaptersText = (adapters: readonly string[]): string =>
  `Used with ${formatPlural(adapters.length, 'adapter')}, which share this copy: ${adapters.join(', ')}`;

/** Why it is slow: what is read for every token, and how long a token took of late. */
function streamingText({ layers, streamedLayers, tokenBytes, tokenMs }: Streaming): string {
  const what = `${streamedLayers} of its ${layers} layers are read from disk for every token (${formatBytes(tokenBytes)})`;
  const speed = tokenMs === undefined ? '' : ` A token took ${formatDuration(tokenMs)} of late.`;
  return `It is larger than the memory that it may take: ${what}.${speed}`;
}

/** What it takes now, and where it took more while it loaded, how much. */
function gpuText({ gpuBytes, peakGpuBytes = 0 }: ResidentModel): string {
  const now = formatBytes(gpuBytes, 'None');
  const most = formatBytes(peakGpuBytes, 'None');
  return peakGpuBytes > gpuBytes && most !== now ? `${now}, at most ${most}` : now;
}

interface UnloadButtonProps {
  readonly title: string;
  readonly resident: ResidentModel;
  readonly onUnload: () => void;
}

/** Unloads at once when nobody is waiting for the model, and asks first otherwise. */
function UnloadButton({ title, resident, onUnload }: UnloadButtonProps) {
  const [asking, setAsking] = useState(false);
  const confirm = () => {
    setAsking(false);
    onUnload();
  };
  return (
    <>
      <button
        type="button"
        class="button"
        aria-label={`Unload ${title}`}
        disabled={resident.state === 'unloading'}
        onClick={() => (resident.active > 0 ? setAsking(true) : onUnload())}
      >
        Unload
      </button>
      {asking && (
        <ConfirmDialog title={`Unload ${title}?`} confirm="Unload" onConfirm={confirm} onClose={() => setAsking(false)}>
          {formatPlural(resident.active, 'request')} on it will be aborted.
        </ConfirmDialog>
      )}
    </>
  );
}

function InstalledModel({ card, ...props }: SectionProps & { readonly card: ModelCard }) {
  return (
    <>
      <div class="other-text">
        <p class="strong">
          {card.title} <PinnedBadge card={card} state={props.state} />
        </p>
        <p class="quiet">
          {modelFacts(card).join(' · ')} · {card.tasks.map((task) => TASK_WORDS[task].title.toLowerCase()).join(', ')}
        </p>
      </div>
      <PinButton card={card} {...props} />
    </>
  );
}
