import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { PromptAnswer, PromptView } from '../../protocol/ui/views.ts';
import type { UiClient } from '../client.ts';
import { errorText } from '../model/error-text.ts';
import { PromptForm } from './prompt-form.tsx';
import { PromptMessage } from './prompt-message.tsx';

export interface PromptAppProps {
  readonly client: UiClient;
  readonly id: string;
  readonly onChanged: (listener: () => void) => () => void;
  readonly close: () => void;
}

type Shown =
  | { readonly kind: 'loading' }
  | { readonly kind: 'asking'; readonly view: PromptView; readonly changed: boolean }
  | { readonly kind: 'withdrawn' }
  | { readonly kind: 'failed'; readonly message: string };

/** The prompt window: fetches what is asked, keeps up with changes, sends one answer and closes. */
export function PromptApp({ client, id, onChanged, close }: PromptAppProps) {
  const { shown, refresh } = usePrompt(client, id, onChanged);
  const { busy, failure, settled, answer } = useAnswer(client, id, close);
  useEscape(useCallback(() => answer({ decision: 'dismiss' }), [answer]));

  const over = shown.kind === 'withdrawn';
  // The answer itself makes the prompt disappear from storage: that must not look like a withdrawal.
  if (shown.kind === 'loading' || settled === 'sent' || (over && busy)) return <main class="prompt" aria-busy="true" />;
  if (over || settled === 'late') return <PromptMessage kind="withdrawn" close={close} />;
  if (shown.kind === 'failed') {
    return <PromptMessage kind="failed" detail={shown.message} close={close} retry={refresh} />;
  }
  // A request that was merged with another one is a new question: nothing of the old draft stays.
  const { view, changed } = shown;
  return (
    <PromptForm
      key={JSON.stringify(view)}
      view={view}
      changed={changed}
      busy={busy}
      failure={failure}
      onAnswer={answer}
    />
  );
}

function usePrompt(client: UiClient, id: string, onChanged: PromptAppProps['onChanged']) {
  const [shown, setShown] = useState<Shown>({ kind: 'loading' });
  const refresh = useCallback(async () => {
    try {
      const view = await client.prompt(id);
      setShown((before) => (view ? asking(view, before) : { kind: 'withdrawn' }));
    } catch (error) {
      // A failed refresh must not take away a question that is on screen.
      setShown((before) => (before.kind === 'asking' ? before : { kind: 'failed', message: errorText(error) }));
    }
  }, [client, id]);
  useEffect(() => {
    void refresh();
    return onChanged(() => void refresh());
  }, [refresh, onChanged]);
  return { shown, refresh };
}

function asking(view: PromptView, before: Shown): Shown {
  if (before.kind !== 'asking') return { kind: 'asking', view, changed: false };
  return JSON.stringify(before.view) === JSON.stringify(view) ? before : { kind: 'asking', view, changed: true };
}

function useAnswer(client: UiClient, id: string, close: () => void) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [settled, setSettled] = useState<'sent' | 'late'>();
  const sending = useRef(false);
  const answer = useCallback(
    async (decision: PromptAnswer) => {
      if (sending.current) return;
      sending.current = true;
      setBusy(true);
      setFailure(undefined);
      try {
        const accepted = await client.answer(id, decision);
        setSettled(accepted ? 'sent' : 'late');
        if (accepted) close();
      } catch (error) {
        sending.current = false;
        setBusy(false);
        setFailure(errorText(error));
      }
    },
    [client, id, close],
  );
  return { busy, failure, settled, answer };
}

function useEscape(onEscape: () => void) {
  useEffect(() => {
    const stop = new AbortController();
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.isComposing || event.repeat) return;
      event.preventDefault();
      onEscape();
    };
    document.addEventListener('keydown', onKey, { signal: stop.signal });
    return () => stop.abort();
  }, [onEscape]);
}
