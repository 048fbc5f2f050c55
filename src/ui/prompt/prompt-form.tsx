import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { PromptAnswer, PromptView } from '../../protocol/ui/views.ts';
import { Brand } from '../components/brand.tsx';
import { LiveRegion, useAnnouncement } from '../components/live-region.tsx';
import { Notice } from '../components/notice.tsx';
import { assembleAnswer, type Draft, draftOf } from './answer.ts';
import { differenceOf } from './difference.ts';
import { PromptActions } from './prompt-actions.tsx';
import { PromptAsker } from './prompt-asker.tsx';
import { PromptDuration } from './prompt-duration.tsx';
import { PromptLimits } from './prompt-limits.tsx';
import { PromptReason } from './prompt-reason.tsx';
import { PromptRequest } from './prompt-request.tsx';
import { useDelayGuard } from './use-delay-guard.ts';

interface PromptFormProps {
  readonly view: PromptView;
  /** The request was another one a moment ago, in this same window. */
  readonly changed: boolean;
  readonly busy: boolean;
  readonly failure: string | undefined;
  readonly onAnswer: (answer: PromptAnswer) => void;
}

/** The question and everything the user may choose about the answer. */
export function PromptForm({ view, changed, busy, failure, onAnswer }: PromptFormProps) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(view));
  const [announcement, announce] = useAnnouncement();
  const difference = useMemo(() => differenceOf(view), [view]);
  const assembled = assembleAnswer(view, draft);
  const heading = useRef<HTMLHeadingElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { ready, guard } = useDelayGuard(content);
  // The heading is read out first, and no key pressed by accident does anything on it.
  useEffect(() => heading.current?.focus(), []);

  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const remark = assembled.ok ? undefined : assembled.nothing ? NOTHING_CHOSEN : LIMIT_WRONG;
  useEffect(() => announce(remark ?? ''), [remark, announce]);
  const allow = () => {
    if (busy) return;
    if (!guard.ready()) announce(TOO_SOON);
    else if (assembled.ok) onAnswer(assembled.answer);
    else announce(remark ?? '');
  };
  return (
    <main class="prompt">
      <div class="prompt-scroll">
        <div class="prompt-content" ref={content}>
          <Brand>Permission request</Brand>
          <PromptAsker subject={view.subject} incremental={difference.incremental} headingRef={heading} />
          {changed && (
            <Notice tone="warn" alert>
              The request changed while this window was open. Look at it again.
            </Notice>
          )}
          {view.reason && <PromptReason reason={view.reason} />}
          <PromptRequest view={view} draft={draft} difference={difference} onChange={change} />
          <PromptDuration value={draft.duration} onChange={(duration) => change({ duration })} />
          <PromptLimits
            view={view}
            draft={draft}
            difference={difference}
            errors={assembled.ok ? {} : assembled.limits}
            onChange={(limits) => change({ limits })}
          />
        </div>
      </div>
      <PromptActions
        enabled={ready && assembled.ok && !busy}
        busy={busy}
        remark={remark}
        failure={failure}
        onAllow={allow}
        onDeny={() => onAnswer({ decision: 'deny' })}
      />
      <LiveRegion {...announcement} />
    </main>
  );
}

const TOO_SOON = 'Too soon: the window has just appeared or changed. Press Allow again in a moment.';
const NOTHING_CHOSEN = 'Choose at least one model and one use, or deny the request.';
const LIMIT_WRONG = 'A limit needs to be corrected before this can be allowed.';
