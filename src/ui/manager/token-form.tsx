import { useState } from 'preact/hooks';
import * as v from 'valibot';
import { HubToken } from '../../protocol/store.ts';
import type { UiClient } from '../client.ts';
import { TextField } from '../components/field.tsx';
import type { Action } from '../components/use-action.ts';
import { useErrorFocus } from '../components/use-error-focus.ts';

interface TokenFormProps {
  readonly hasToken: boolean;
  readonly client: UiClient;
  readonly action: Action;
  readonly onSaved: () => void;
}

/** The token for private models: can be set and removed, but never read again. */
export function TokenForm({ hasToken, client, action, onSaved }: TokenFormProps) {
  const [token, setToken] = useState('');
  const [error, setError] = useState<string>();
  const [errors, setErrors] = useState<object>({});
  const form = useErrorFocus(errors);
  const send = async (next: string | undefined) => {
    const worked = await action.run(
      () => client.saveToken(next),
      () => (next === undefined ? 'The token was removed.' : 'The token is kept.'),
    );
    if (worked) setToken('');
    onSaved();
  };
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const typed = token.trim();
    const wrong = v.is(HubToken, typed) ? undefined : 'Paste the token as the hub shows it, without spaces.';
    setError(wrong);
    setErrors(wrong ? { token: wrong } : {});
    if (!wrong) void send(typed);
  };
  return (
    <form ref={form} class="card settings token-form" noValidate onSubmit={save}>
      <TextField
        secret
        name="token"
        label="Token for private models"
        hint={
          hasToken
            ? 'One is kept. It is sent to the hub alone, and neither sites nor this page can read it.'
            : 'Of your account on the hub. It is sent there alone, and neither sites nor this page can read it again.'
        }
        value={token}
        error={error}
        onInput={setToken}
      />
      <div class="actions">
        <button type="submit" class="button" disabled={token.trim() === ''}>
          {hasToken ? 'Replace the token' : 'Keep the token'}
        </button>
        {hasToken && (
          <button type="button" class="button button-quiet" onClick={() => void send(undefined)}>
            Remove the token
          </button>
        )}
      </div>
    </form>
  );
}
