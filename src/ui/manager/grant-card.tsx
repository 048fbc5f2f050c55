import { useState } from 'preact/hooks';
import { LIMIT_KEYS } from '../../permissions/types.ts';
import type { CaveatValues, Grant } from '../../protocol/grant.ts';
import type { ModelCard } from '../../protocol/model.ts';
import type { SiteView } from '../../protocol/ui/views.ts';
import { isFrame } from '../format/origin.ts';
import { formatMoment } from '../format/time.ts';
import { caveatsOf, endText } from '../model/caveats.ts';
import { LIMIT_FIELDS } from '../model/limits.ts';
import { TASK_WORDS } from '../model/tasks.ts';
import { GrantDialog } from './grant-dialog.tsx';
import type { SectionProps } from './section-props.ts';

/** One permission: what it allows, how far and how long. */
export function GrantCard({
  site,
  grant,
  ...props
}: SectionProps & { readonly site: SiteView; readonly grant: Grant }) {
  const { client, action, state } = props;
  const [editing, setEditing] = useState(false);
  const caveats = caveatsOf(grant);
  if (!caveats) return null;
  const save = async (edited: CaveatValues) => {
    setEditing(false);
    await action.run(
      () => client.updateGrant(grant.id, edited),
      (updated) => (updated ? 'Permission changed.' : 'The permission was gone already.'),
    );
  };
  const revoke = () =>
    action.run(
      () => client.revoke([grant.id]),
      () => 'Permission revoked.',
    );
  return (
    <article class="grant">
      <h4>
        {modelTitles(caveats, state.models)}: {taskTitles(caveats)}
      </h4>
      <p class="quiet">
        {endText(grant, Date.now())} · Allowed {formatMoment(grant.date)}
        {caveats.topLevelOnly && !isFrame(site.subject) && ' · Not in frames'}
      </p>
      <ul class="grant-limits">
        {LIMIT_KEYS.map((key) => (
          <li key={key}>Up to {LIMIT_FIELDS[key].sentence(caveats[key])}</li>
        ))}
      </ul>
      <div class="actions">
        <button type="button" class="button" onClick={() => setEditing(true)}>
          Edit limits
        </button>
        {site.grants.length > 1 && (
          <button type="button" class="button button-danger" onClick={revoke}>
            Revoke only this
          </button>
        )}
      </div>
      {editing && (
        <GrantDialog
          grant={grant}
          caveats={caveats}
          models={state.models}
          onSave={save}
          onClose={() => setEditing(false)}
        />
      )}
    </article>
  );
}

function modelTitles({ models }: CaveatValues, cards: readonly ModelCard[]): string {
  if (models === '*') return 'Any model';
  return models.map((name) => cards.find((card) => card.name === name)?.title ?? name).join(', ');
}

function taskTitles({ tasks }: CaveatValues): string {
  if (tasks === '*') return 'anything';
  return tasks.map((task) => TASK_WORDS[task].title.toLowerCase()).join(', ');
}
