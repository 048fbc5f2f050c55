import type { ModelCard } from '../../protocol/model.ts';
import type { PromptView } from '../../protocol/ui/views.ts';
import { Badge } from '../components/badge.tsx';
import { Toggle } from '../components/field.tsx';
import { Icon } from '../components/icon.tsx';
import { modelFacts } from '../model/model-facts.ts';
import { TASK_WORDS } from '../model/tasks.ts';
import type { Draft } from './answer.ts';
import type { MarkedDifference } from './difference.ts';

interface PromptRequestProps {
  readonly view: PromptView;
  readonly draft: Draft;
  readonly difference: MarkedDifference;
  readonly onChange: (part: Partial<Draft>) => void;
}

/** What is asked for: models, what may be done with them, and where that happens. */
export function PromptRequest({ view, draft, difference, onChange }: PromptRequestProps) {
  const badge = (isNew: boolean) => (isNew ? <Badge tone="accent">New</Badge> : <Badge>Already allowed</Badge>);
  const mark = (isNew: boolean) => (difference.incremental ? badge(isNew) : null);
  return (
    <section class="card" aria-labelledby="request-heading">
      <h2 id="request-heading">What it asks for</h2>
      <ul class="rows">
        {view.models.map((model) => (
          <li key={model.name} class="row">
            <Icon name="model" />
            <ModelText model={model} mark={mark(difference.newModels.has(model.name))} />
            <Choice
              among={view.models.length}
              name={`model ${model.name}`}
              label={`Use ${model.title}`}
              checked={draft.models.has(model.name)}
              onChange={(on) => onChange({ models: toggled(draft.models, model.name, on) })}
            />
          </li>
        ))}
        {view.tasks.map((task) => (
          <li key={task} class="row">
            <Icon name="pencil" />
            <div class="row-text">
              <p class="row-title">
                {TASK_WORDS[task].title} {mark(difference.newTasks.has(task))}
              </p>
              <p class="row-detail">{TASK_WORDS[task].detail}</p>
            </div>
            <Choice
              among={view.tasks.length}
              name={`task ${task}`}
              label={TASK_WORDS[task].title}
              checked={draft.tasks.has(task)}
              onChange={(on) => onChange({ tasks: toggled(draft.tasks, task, on) })}
            />
          </li>
        ))}
        <li class="row row-promise">
          <Icon name="shield" />
          <div class="row-text">
            <p class="row-title">Runs on this computer</p>
            <p class="row-detail">
              webplat sends nothing you write anywhere and stores none of it. The answers go to the site.
            </p>
          </div>
        </li>
      </ul>
    </section>
  );
}

function ModelText({ model, mark }: { readonly model: ModelCard; readonly mark: preact.ComponentChildren }) {
  return (
    <div class="row-text">
      <p class="row-title">
        {model.title} {mark}
      </p>
      <p class="row-detail">{model.description}</p>
      <p class="row-detail">{modelFacts(model).join(' · ')}</p>
    </div>
  );
}

interface ChoiceProps {
  readonly among: number;
  readonly name: string;
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** A checkbox, only where there is something to choose from: a single item is decided by Allow and Deny. */
function Choice({ among, label, ...rest }: ChoiceProps) {
  if (among < 2) return null;
  return <Toggle label={<span class="visually-hidden">{label}</span>} {...rest} />;
}

function toggled<T>(set: ReadonlySet<T>, item: T, on: boolean): ReadonlySet<T> {
  const next = new Set(set);
  if (on) next.add(item);
  else next.delete(item);
  return next;
}
