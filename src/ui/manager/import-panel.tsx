import { useState } from 'preact/hooks';
import type { ArchiveSummary, PickedFiles } from '../../protocol/model-files.ts';
import type { UiClient } from '../client.ts';
import { Notice } from '../components/notice.tsx';
import type { Action } from '../components/use-action.ts';
import { errorText } from '../model/error-text.ts';
import { modelFilesOf, suggestedName } from '../model/picked-files.ts';
import { ImportDialog } from './import-dialog.tsx';
import { PickButton } from './pick-button.tsx';

interface ImportPanelProps {
  readonly client: UiClient;
  readonly action: Action;
  readonly onStarted: () => void;
}

/** What the user picked, before it is imported. */
export type Found =
  | { readonly kind: 'files'; readonly suggested: string; readonly files: PickedFiles }
  | { readonly kind: 'archive'; readonly suggested: string; readonly archive: File; readonly summary: ArchiveSummary };

const NOTHING = 'There is no file of a model among them: config.json, model.safetensors, tokenizer.json and the like.';

/** Models from this computer: a folder, files, or an archive that another profile exported. */
export function ImportPanel({ client, action, onStarted }: ImportPanelProps) {
  const [found, setFound] = useState<Found>();
  const [problem, setProblem] = useState<string>();
  const take = (picked: File[]) => {
    const files = modelFilesOf(picked);
    setProblem(files.length === 0 ? NOTHING : undefined);
    if (files.length > 0) setFound({ kind: 'files', suggested: suggestedName(picked), files });
  };
  const takeArchive = async ([archive]: File[]) => {
    setProblem(undefined);
    if (!archive) return;
    try {
      const summary = await client.inspectArchive(archive);
      setFound({ kind: 'archive', suggested: suggestedName([archive]), archive, summary });
    } catch (error) {
      setProblem(errorText(error));
    }
  };
  const start = async (name: string) => {
    if (!found) return;
    setFound(undefined);
    await action.run(
      () =>
        found.kind === 'files' ? client.importFiles(name, found.files) : client.restoreArchive(found.archive, name),
      () => `The import of ${name} has begun.`,
    );
    onStarted();
  };
  return (
    <div class="card settings import-panel">
      <h3>Add a model from this computer</h3>
      <p class="quiet">
        A folder or files of a checkpoint (config.json, model.safetensors, tokenizer.json), or an archive that was
        exported here or elsewhere. They are copied; a site can use the model only when you allow it.
      </p>
      {problem && (
        <Notice tone="danger" alert>
          {problem}
        </Notice>
      )}
      <div class="actions">
        <PickButton label="Add a folder" pick="folder" onPicked={take} />
        <PickButton label="Add files" pick="files" onPicked={take} />
        <PickButton label="Add an archive" pick="archive" onPicked={(picked) => void takeArchive(picked)} />
      </div>
      {found && (
        <ImportDialog found={found} onImport={(name) => void start(name)} onClose={() => setFound(undefined)} />
      )}
    </div>
  );
}
