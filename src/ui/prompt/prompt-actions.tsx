import { Notice } from '../components/notice.tsx';

interface PromptActionsProps {
  /** Allow looks and reads as available; whoever gets `onAllow` checks again. */
  readonly enabled: boolean;
  readonly busy: boolean;
  /** What keeps the answer from being given, beside the delay. */
  readonly remark: string | undefined;
  readonly failure: string | undefined;
  readonly onAllow: () => void;
  readonly onDeny: () => void;
}

/** The two answers. Both stay where they are whatever happens above them. */
export function PromptActions({ enabled, busy, remark, failure, onAllow, onDeny }: PromptActionsProps) {
  const allow = (event: MouseEvent) => {
    // Only a press that the browser vouches for; one that came too early is refused behind `onAllow`.
    if (event.isTrusted) onAllow();
  };
  const ignoreRepeats = (event: KeyboardEvent) => {
    if (event.repeat) event.preventDefault();
  };
  return (
    <footer class="prompt-actions">
      {remark && <p class="field-error">{remark}</p>}
      {failure && (
        <Notice tone="danger" alert>
          {failure}
        </Notice>
      )}
      <div class="actions">
        <button id="deny" type="button" class="button" disabled={busy} onClick={onDeny}>
          Deny
        </button>
        {/* Not `disabled`, which would drop the focus whenever the window moves. */}
        <button
          id="allow"
          type="button"
          class="button button-primary"
          aria-disabled={!enabled}
          onKeyDown={ignoreRepeats}
          onClick={allow}
        >
          Allow
        </button>
      </div>
      <p class="prompt-hint">Close this window or press Esc to decide later.</p>
    </footer>
  );
}
