import type { StorageArea } from '../../platform/storage.ts';
import { DEFAULT_SETTINGS, Settings } from '../../protocol/settings.ts';
import { type Cell, createCell } from './cell.ts';

/** The user's settings; unreadable ones count as the defaults. */
export function createSettingsStore(area: StorageArea): Cell<Settings> {
  return createCell({ area, key: 'settings', schema: Settings, initial: DEFAULT_SETTINGS });
}
