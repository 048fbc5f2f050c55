import * as v from 'valibot';
import type { StorageArea } from '../../platform/storage.ts';
import { HubToken } from '../../protocol/store.ts';
import { type Cell, createCell } from './cell.ts';

/** The user's token for the hub; empty when there is none. It goes to the host and to nobody else. */
export function createHubTokenStore(area: StorageArea): Cell<string> {
  return createCell({ area, key: 'hubToken', schema: v.union([v.literal(''), HubToken]), initial: '' });
}
