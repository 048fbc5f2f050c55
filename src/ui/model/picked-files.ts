import * as v from 'valibot';
import { type PickedFiles, runTimeFiles } from '../../protocol/model-files.ts';
import { FileModelName } from '../../protocol/scalars.ts';

/** What of a browser's `File` is looked at. */
type Picked = Pick<File, 'name' | 'webkitRelativePath'> & Blob;

/** Files that a model may need, of those that the user picked, by their names inside the model. */
export function modelFilesOf(picked: readonly Picked[]): PickedFiles {
  return runTimeFiles(picked.map((file) => ({ path: innerPath(file), file })));
}

/** A file of a picked folder says where it lies, the folder's own name first. */
function innerPath({ name, webkitRelativePath }: Picked): string {
  return webkitRelativePath === '' ? name : webkitRelativePath.split('/').slice(1).join('/');
}

/** A name to begin with: that of the folder, or of the archive without its ending. */
export function suggestedName(picked: readonly Picked[]): string {
  const [first] = picked;
  const [folder = ''] = first?.webkitRelativePath.split('/') ?? [];
  const text = folder || (picked.length === 1 ? (first?.name.replace(/\.tar$/i, '') ?? '') : '');
  return text
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/\.{2,}/g, '.')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 96);
}

/** The model's name that the user typed, or what is wrong with it. */
export function typedName(text: string): { readonly name: string } | { readonly error: string } {
  const name = `file:${text.trim()}`;
  return v.is(FileModelName, name)
    ? { name }
    : { error: 'Use letters, digits, dots, hyphens and underscores, a letter or digit first.' };
}

/** What an exported model is called on disk: `hf:org/name` becomes `org-name.tar`. */
export function archiveFileName(model: string): string {
  const stem = model
    .replace(/^(hf|file|https?):(\/\/)?/, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return `${stem.slice(0, 100) || 'model'}.tar`;
}
