import { useEffect, useRef } from 'preact/hooks';
import { Brand } from '../components/brand.tsx';
import { Notice } from '../components/notice.tsx';

/** Long enough to read one sentence twice. */
const CLOSE_AFTER_MS = 4000;

interface PromptMessageProps {
  readonly kind: 'withdrawn' | 'failed';
  readonly detail?: string;
  readonly close: () => void;
  readonly retry?: () => void;
}

/** What the window says when there is nothing to decide: it closes by itself, or offers to try again. */
export function PromptMessage({ kind, detail, close, retry }: PromptMessageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    if (kind !== 'withdrawn') return;
    const timer = setTimeout(close, CLOSE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [kind, close]);
  return (
    <main class="prompt prompt-message">
      <Brand />
      <h1 ref={heading} tabIndex={-1}>
        {kind === 'withdrawn' ? 'This request is over' : 'The request cannot be shown'}
      </h1>
      {kind === 'withdrawn' ? (
        <p>It was answered or withdrawn meanwhile. Nothing more was allowed. This window closes by itself.</p>
      ) : (
        <Notice tone="danger" alert>
          {detail}
        </Notice>
      )}
      <div class="actions">
        {retry && (
          <button type="button" class="button button-primary" onClick={retry}>
            Try again
          </button>
        )}
        <button type="button" class="button" onClick={close}>
          Close
        </button>
      </div>
    </main>
  );
}
