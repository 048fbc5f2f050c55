import { LIMIT_KEYS, type LimitKey } from '../../permissions/types.ts';
import type { PromptView } from '../../protocol/ui/views.ts';
import { Badge } from '../components/badge.tsx';
import { MeasureFields } from '../components/measure-fields.tsx';
import { LIMIT_FIELDS, parseLowered } from '../model/limits.ts';
import type { Draft } from './answer.ts';
import type { MarkedDifference } from './difference.ts';

interface PromptLimitsProps {
  readonly view: PromptView;
  readonly draft: Draft;
  readonly difference: MarkedDifference;
  readonly errors: Partial<Record<LimitKey, string>>;
  readonly onChange: (limits: Draft['limits']) => void;
}

/** The limits in plain words, and the same limits to be lowered. */
export function PromptLimits({ view, draft, difference, errors, onChange }: PromptLimitsProps) {
  return (
    <section class="card" aria-labelledby="limits-heading">
      <h2 id="limits-heading">Limits</h2>
      <ul class="limits">
        {LIMIT_KEYS.map((key) => (
          <li key={key}>
            <LimitSentence
              limit={key}
              asked={view.limits[key]}
              text={draft.limits[key]}
              before={difference.raised.get(key)}
            />
          </li>
        ))}
      </ul>
      <details class="disclosure">
        <summary>Lower the limits</summary>
        <MeasureFields
          keys={LIMIT_KEYS}
          measures={LIMIT_FIELDS}
          values={draft.limits}
          errors={errors}
          onChange={onChange}
        />
      </details>
    </section>
  );
}

interface LimitSentenceProps {
  readonly limit: LimitKey;
  readonly asked: number;
  readonly text: string;
  readonly before: number | undefined;
}

function LimitSentence({ limit, asked, text, before }: LimitSentenceProps) {
  const { amount, sentence } = LIMIT_FIELDS[limit];
  const typed = parseLowered(limit, text, asked);
  if (!typed.ok) return <span class="field-error">{LIMIT_FIELDS[limit].label}: to be corrected below.</span>;
  const { value } = typed;
  return (
    <>
      Up to {sentence(value)}
      {before !== undefined && value > before && (
        <>
          {' '}
          <Badge tone="accent">More</Badge> <span class="limit-before">was {amount(before)}</span>
        </>
      )}
    </>
  );
}
