import { useState } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';
import { TextField } from '../components/field.tsx';
import { useErrorFocus } from '../components/use-error-focus.ts';
import { formatBytes, formatPlural } from '../format/numbers.ts';
import { typedName } from '../model/picked-files.ts';
import type { Found } from './import-panel.tsx';

interface ImportDialogProps {
  readonly found: Found;
  readonly onImport: (name: string) => void;
  readonly onClose: () => void;
}

/** Shows what was picked and asks for its name; an export has its own, which it alone vouches for. */
export function ImportDialog({ found, onImport, onClose }: ImportDialogProps) {
  const [text, setText] = useState(found.suggested);
  const [error, setError] = useState<string>();
  const [errors, setErrors] = useState<object>({});
  const form = useErrorFocus(errors);
  const own = found.kind === 'archive' ? found.summary.name : undefined;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (own !== undefined) return onImport(own);
    const typed = typedName(text);
    if ('name' in typed) return onImport(typed.name);
    setError(typed.error);
    setErrors({ name: typed.error });
  };
  return (
    <Dialog title="Import a model" about={<About found={found} />} onClose={onClose}>
      <form ref={form} noValidate onSubmit={submit}>
        {own === undefined && (
          <TextField
            name="model-name"
            label="Name"
            hint="Sites ask for it as file: and this name."
            value={text}
            error={error}
            onInput={setText}
          />
        )}
        <div class="actions dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-primary">
            Import
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function About({ found }: { readonly found: Found }) {
  if (found.kind === 'files') {
    const bytes = found.files.reduce((sum, { file }) => sum + file.size, 0);
    return <>{sizeText(found.files.length, bytes)} They are copied into the extension.</>;
  }
  const { name, files, bytes, licence } = found.summary;
  if (name === undefined) return <>{sizeText(files, bytes)} They are copied into the extension.</>;
  return (
    <>
      The archive says that it is <strong class="model-name">{name}</strong>, under the licence {licence}.{' '}
      {sizeText(files, bytes)} They are compared with the archive’s own list. Nobody else vouches for them: import
      archives only from people you trust.
    </>
  );
}

const sizeText = (files: number, bytes: number): string =>
  `${formatPlural(files, 'file')}, ${formatBytes(bytes, '0 bytes')}.`;
