import type { Locator, Page } from 'playwright';

/** Models on disk, in the manager. */
export const onDisk = (manager: Page): Locator =>
  manager.getByRole('list', { name: 'Models on disk' }).getByRole('listitem');

/** Downloads, imports, checks and exports, in the manager. */
export const underWay = (manager: Page): Locator =>
  manager.getByRole('list', { name: 'Under way' }).getByRole('listitem');

export const press = (manager: Page, name: string): Promise<void> =>
  manager.getByRole('button', { name, exact: true }).click();

/** Picks a folder as the browser's own window would, names the model and begins to import it. */
export async function importFolder(manager: Page, folder: string, name: string): Promise<void> {
  await manager.getByRole('button', { name: 'Add a folder' }).waitFor();
  await manager.setInputFiles('input[name=import-folder]', folder);
  const dialog = manager.getByRole('dialog', { name: 'Import a model' });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Import' }).click();
}

/** Picks an archive; settles with the dialog that says what it is. */
export async function pickArchive(manager: Page, file: string): Promise<Locator> {
  await manager.getByRole('button', { name: 'Add an archive' }).waitFor();
  await manager.setInputFiles('input[name=import-archive]', file);
  return manager.getByRole('dialog', { name: 'Import a model' });
}

export async function removeModel(manager: Page, title: string): Promise<void> {
  await press(manager, `Remove ${title}`);
  await manager.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await manager.getByText(`${title} left the disk.`).waitFor();
}
